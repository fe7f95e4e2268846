"""A database of many plausible runs, written directly: `python -m tests.bench.many_runs FILE N`.

Three in five are Korean. Same number, same runs: the words are drawn from a seeded generator.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from core.store import Database
from core.store.runs import COLUMNS

A_BATCH = 2_000
FIRST_DAY_MS = 1_735_689_600_000  # 2025-01-01
SPAN_MS = 600 * 86_400_000


def _listed(text: str) -> list[str]:
    return text.split()


_NOUNS = _listed(
    """
    커피 냉장고 김치냉장고 텀블러 보조배터리 이어폰 청소기 공기청정기 선크림 쿠션 에센스
    마스크팩 운동화 등산화 캠핑의자 텐트 침낭 매트리스 베개 이불 수건 비누 샴푸 치약 칫솔 물병
    도시락 밀키트 떡볶이 만두 한우 사과 감귤 딸기 녹차 홍삼 비타민 유산균 단백질 쉐이크 노트북
    키보드 마우스 모니터 충전기 스피커 가습기 선풍기 히터 조명 책상 의자 선반 화분 꽃다발 향초
    디퓨저 다이어리 만년필 가방 지갑 벨트 양말 셔츠 청바지 코트 패딩 장갑 모자 우산 여행 주말
    아침 저녁 출근길 퇴근길 사무실 주방 욕실 거실 아이 부모님 반려견 고양이 자취생 직장인 학생
    시간 온도 향기 무게 소재 색상 디자인 성능 품질 가격 할인 혜택 선물 신제품 후기 이벤트 한정판
    분석 습관 일상 하루 순간 여유 기분 건강 피부 수분 영양 에너지 휴식 집중
    """
)
_PARTICLES = (
    "",
    "은",
    "를",
    "이",
    "에",
    "의",
    "와",
    "로",
    "까지",
    "부터",
    "에서",
    "만",
    "도",
    "처럼",
)
_VERBS = _listed(
    """
    바꿔요 채워요 지켜요 담았어요 시작해요 느껴보세요 만나보세요 즐겨요 완성해요 더해요
    골라보세요 준비했어요 가벼워요 오래가요 편안해요 부드러워요 든든해요 촉촉해요 산뜻해요
    깔끔해요 따뜻해요 시원해요 빨라요 달라요 특별한 조용한 넉넉한 섬세한 포근한 신선한 새로운
    작은 깊은 밝은 매일 오늘 지금 천천히 한결 언제나 그대로
    """
)
_ENGLISH = _listed(
    """
    the a your our every morning coffee tumbler battery carry light warm fresh quiet design made
    for people who move keeps hot twelve hours fits bag pocket travel work home gift discount
    new season skin care daily soft clean simple strong safe fast charging power bank wireless
    sound bass comfort running shoes trail tent camp night sleep pillow cotton linen green tea
    vitamin protein shake less more with without and from into feel better start stay ready
    enjoy discover choose love trust
    """
)
_SYLLABLES = "담은온고루나비봄해솔빛가람다온아토리움누리한별새미라포코디에모"
_UNITS = ("mAh", "kg", "ml", "시간", "W", "cm", "개입", "g", "%")
_TONES = ("따뜻하고 담백한", "경쾌한", "전문적인", "감성적인", "warm and plain", "confident")
_MODELS = tuple(f"model-{letter}:{size}b" for letter in "abcdefgh" for size in (4, 8, 14, 32))
_TASKS = ("product_detail", "sns", "campaign", "brand_kit", "review", "free")
_TASK_WEIGHTS = (50, 20, 8, 8, 4, 10)
_USERS = tuple(f"담당자{number}" for number in range(1, 25))
_CODES = (
    *(
        "length.too_long",
        "facts.left_out",
        "filler.phrase",
        "headline.product_name",
        "speech.mixed",
    ),
    *("ads.superlative", "language.cjk", "cut.mid_word", "format.not_json", "repeat.field"),
)
_CODE_WEIGHTS = (30, 25, 15, 10, 8, 5, 3, 2, 1, 1)
_TAGS = ("후보", "발송", "보류", "A/B", "봄 캠페인", "다시 보기")
_SYSTEM = 3 * " ".join(
    _listed(
        """
        당신은 한국어 카피라이터입니다. 브리프에 있는 사실만 쓰고, 과장하지 않으며, 정해진 JSON
        형식으로만 답합니다. 각 항목의 글자 수 제한을 반드시 지키고, 제품명을 그대로 헤드라인으로
        쓰지 않습니다.
        """
    )
)


class _Writer:
    """Draws the text and figures of one run after the other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - plausible, not secret

    def tables(self, number: int, of: int) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that run `number` has in every table."""
        draw = self._random
        milliseconds = FIRST_DAY_MS + SPAN_MS * number // of
        run_id = _identifier(milliseconds, number, draw.getrandbits(48))
        created = _stamp(milliseconds)
        rows: dict[str, list[tuple[Any, ...]]] = {"runs": [self._run(run_id, created)]}
        if draw.random() < 0.85:
            rows |= self._report(run_id, created)
        if draw.random() < 0.02:
            stars, user = draw.randint(1, 5), draw.choice(_USERS)
            rows["ratings"] = [(run_id, user, created, stars, "[]", "")]
        if draw.random() < 0.03:
            rows["tags"] = [(run_id, draw.choice(_TAGS))]
        if draw.random() < 0.002:
            rows["notes"] = [(run_id, created, draw.choice(_USERS), self._sentence(korean=True))]
        return rows

    def _run(self, run_id: str, created: str) -> tuple[Any, ...]:
        draw = self._random
        korean = draw.random() < 0.6
        task = draw.choices(_TASKS, _TASK_WEIGHTS)[0]
        payload = self._payload(korean, task)
        answer = self._answer(korean, task)
        text = json.dumps(answer, ensure_ascii=False)
        status = draw.choices(("succeeded", "failed", "cancelled", "interrupted"), (940, 45, 12, 3))
        ended_well = status[0] == "succeeded"
        total = draw.lognormvariate(8.3, 0.6)
        failure = draw.choice(("provider_timeout", "model_not_found"))
        values: dict[str, Any] = dict.fromkeys(COLUMNS) | {
            "id": run_id,
            "created_at": created,
            "started_at": created,
            "finished_at": created,
            "kind": "text",
            "status": status[0],
            "mode": draw.choice(("live", "live", "mock")),
            "provider": draw.choice(("ollama", "openai")),
            "model": self._model(),
            "role": draw.choice(("copywriter", "strategist")),
            "task": task,
            "language": "ko" if korean else "en",
            "format": "json",
            "source": "page",
            "user": draw.choice(_USERS) if draw.random() < 0.7 else None,
            "payload": json.dumps(payload, ensure_ascii=False),
            "prompt": _prompt(payload),
            "options": '{"temperature": 0.8, "max_tokens": 1000}',
            "output": text if ended_well else "",
            "output_json": text if ended_well else None,
            "finish_reason": "stop" if ended_well else None,
            "error_code": None if ended_well else failure,
            "thinking": "",
            "meta": "{}",
            "prompt_tokens": 400,
            "completion_tokens": len(text) // 2,
            "queued_ms": 2.0,
            "load_ms": 2500.0 if draw.random() < 0.05 else 0.0,
            "first_token_ms": total / 9 if ended_well else None,
            "total_ms": total,
            "tokens_per_second": draw.uniform(15, 60) if ended_well else None,
        }
        return tuple(values[name] for name in COLUMNS)

    def _report(self, run_id: str, created: str) -> dict[str, list[tuple[Any, ...]]]:
        draw = self._random
        codes = draw.choices(_CODES, _CODE_WEIGHTS, k=draw.choice((0, 0, 1, 1, 2, 4)))
        errors = sum(code.startswith(("length", "headline", "language", "cut")) for code in codes)
        score = max(0.0, 10 - 1.5 * errors - 0.5 * (len(codes) - errors) - draw.random())
        scores = json.dumps({"overall": score, "passed": not errors})
        words = ("error", "headline", 0, 5, "증거", "한국어 설명", "In English")
        findings = [(run_id, place, code, *words) for place, code in enumerate(codes)]
        counts = (errors, len(codes) - errors, 0)
        report = (run_id, 1, created, score, int(not errors), *counts, scores)
        return {"check_reports": [report], "findings": findings}

    def _payload(self, korean: bool, task: str) -> dict[str, Any]:
        if task == "free":
            return {"prompt": self._text(korean, 3)}
        return {
            "product_name": self._product(korean),
            "features": [f"{self._words(korean, 2)} {self._amount()}" for _ in range(3)],
            "target_audience": self._words(korean, 3),
            "tone": self._random.choice(_TONES),
        }

    def _answer(self, korean: bool, task: str) -> Any:
        if task == "free":
            return self._text(korean, self._random.randint(3, 25))
        if task == "brand_kit":
            return {
                "brand_voice": self._text(korean, 4),
                "key_messages": [self._sentence(korean) for _ in range(5)],
                "do": [self._sentence(korean) for _ in range(4)],
                "dont": [self._sentence(korean) for _ in range(4)],
            }
        return {
            "headline": self._words(korean, 3),
            "subheadline": self._sentence(korean),
            "body": self._text(korean, 2),
            "bullets": [f"{self._words(korean, 3)} {self._amount()}" for _ in range(3)],
            "cta": self._words(korean, 2),
        }

    def _model(self) -> str:
        """One of many: the first few are used most."""
        return _MODELS[min(int(self._random.expovariate(0.25)), len(_MODELS) - 1)]

    def _product(self, korean: bool) -> str:
        letters = "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 3)))
        return f"{letters} {self._words(korean, 1)} {self._amount()}"

    def _amount(self) -> str:
        draw = self._random
        numbers = (draw.randint(1, 99), draw.randint(1, 40) * 500, draw.randint(10, 99) / 10)
        number = draw.choice(numbers)
        return f"{number}{draw.choice(_UNITS)}"

    def _words(self, korean: bool, count: int) -> str:
        draw = self._random.choice
        if not korean:
            return " ".join([draw(_ENGLISH) for _ in range(count)])
        return " ".join([draw(_NOUNS) + draw(_PARTICLES) for _ in range(count)])

    def _sentence(self, korean: bool) -> str:
        if not korean:
            return self._words(korean, 11).capitalize() + "."
        draw = self._random.choice
        return f"{self._words(korean, 3)} {draw(_VERBS)} {self._words(korean, 2)} {draw(_VERBS)}."

    def _text(self, korean: bool, sentences: int) -> str:
        return " ".join([self._sentence(korean) for _ in range(sentences)])


def rows(count: int, *, seed: int = 4) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """The rows of `count` runs, the oldest first, by table."""
    writer = _Writer(seed)
    return (writer.tables(number, count) for number in range(count))


def fill(database: Database, count: int, *, seed: int = 4) -> None:
    """Add `count` runs with their reports, findings, ratings, tags and notes."""
    waiting: dict[str, list[tuple[Any, ...]]] = {}
    for number, made in enumerate(rows(count, seed=seed), 1):
        for table, values in made.items():
            waiting.setdefault(table, []).extend(values)
        if number % A_BATCH == 0 or number == count:
            insert(database, waiting)
            waiting = {}


def insert(database: Database, tables: dict[str, list[tuple[Any, ...]]]) -> None:
    """Write rows of many tables in one transaction."""

    def work(connection: Any) -> None:
        for table, values in tables.items():
            if values:
                names = f" ({', '.join(COLUMNS)})" if table == "runs" else ""
                marks = ", ".join("?" * len(values[0]))
                sql = f"INSERT INTO {table}{names} VALUES ({marks})"  # noqa: S608 - our own names
                connection.executemany(sql, values)

    database.write(work).result()


def _identifier(milliseconds: int, number: int, tail: int) -> str:
    """A UUIDv7; runs of one millisecond stay in order."""
    digits = f"{milliseconds:012x}7{number & 0xFFF:03x}8{number >> 12 & 0xFFF:03x}{tail:012x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"


def _prompt(payload: dict[str, Any]) -> str:
    words = "\n".join(f"{name}: {value}" for name, value in payload.items())
    messages = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": words}]
    return json.dumps(messages, ensure_ascii=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.many_runs", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("runs", type=int)
    asked = parser.parse_args()
    began = time.perf_counter()
    with closing(Database(asked.file)) as database:
        fill(database, asked.runs)
    print(f"{asked.runs:,} runs in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
