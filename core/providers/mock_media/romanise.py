"""Hangul in Latin letters, for a machine without a Korean font (Revised Romanization).

Syllable by syllable: sounds that change between syllables are left as written.
"""

import re


def _sounds(listed: str) -> list[str]:
    return listed.split(",")


_INITIALS = _sounds("g,kk,n,d,tt,r,m,b,pp,s,ss,,j,jj,ch,k,t,p,h")
_VOWELS = _sounds("a,ae,ya,yae,eo,e,yeo,ye,o,wa,wae,oe,yo,u,wo,we,wi,yu,eu,ui,i")
_FINALS = _sounds(",k,k,k,n,n,n,t,l,k,m,l,l,l,p,l,m,p,p,t,t,ng,t,t,k,t,p,t")
_SYLLABLE = re.compile("[가-힣]")
_PER_INITIAL = len(_VOWELS) * len(_FINALS)


def romanised(text: str) -> str:
    """`text` (NFC) with every Hangul syllable in Latin letters: 한글 is hangeul."""
    return _SYLLABLE.sub(_letters, text)


def _letters(match: re.Match[str]) -> str:
    place = ord(match[0]) - ord("가")
    vowel, final = divmod(place % _PER_INITIAL, len(_FINALS))
    return _INITIALS[place // _PER_INITIAL] + _VOWELS[vowel] + _FINALS[final]
