// The cells of the comparison. Words are written as text, whatever they hold.
function marks(pieces, words) {
  const box = el("div", { className: "words" })
  for (const [kind, text] of pieces) {
    if (kind === "same") box.append(text)
    else if (kind === "other") {
      box.append(text)
      box.dataset.other = ""
      box.append(el("small", { className: "aside", textContent: words.other }))
    } else {
      const mark = el(kind === "removed" ? "del" : "ins", {}, el("span", { className: "unseen", textContent: `${words[kind]} ` }), text)
      // A space alone would be a mark that nobody sees.
      if (!text.trim()) mark.dataset.space = text.includes("\n") ? "↵" : "␣"
      box.append(mark)
    }
  }
  return box
}

function found(findings, words) {
  if (!findings?.length) return null
  const list = el("ul", { className: "found" })
  for (const one of findings) list.append(el("li", { className: one.severity, title: one.code },
    el("b", { textContent: words[one.severity] }), ` ${one.text}`))
  return list
}

function measured(cell) {
  if (!cell.measure && !cell.place) return null
  return el("div", { className: cell.broken ? "measure broken" : "measure", textContent: [cell.place, cell.measure].filter(Boolean).join(" · ") })
}

function bar(cell) {
  const line = el("div", { className: cell.simulated ? "bar simulated" : "bar", "aria-hidden": "true" })
  const whole = el("i", { className: "whole" })
  whole.style.width = `${Math.max(cell.bar * 100, 0.5)}%`
  line.append(whole)
  if (cell.part) {
    const part = el("i", { className: "part" })
    part.style.width = `${cell.part * 100}%`
    line.append(part)
  }
  return line
}

function pictures(cell, words) {
  const box = el("div", { className: "pictures" })
  for (const one of cell.pictures) {
    const image = el("img", { src: one.src, alt: one.alt, loading: "lazy", decoding: "async", width: one.width, height: one.height })
    const link = el("a", { href: one.full, target: "_blank", rel: "noopener", "aria-label": `${words.enlarge}: ${one.alt}` }, image)
    box.append(link)
  }
  return box
}

// What stands in a cell, from top to bottom.
function content(cell, words) {
  const made = []
  if (cell.pictures) made.push(pictures(cell, words))
  if (cell.pieces) made.push(marks(cell.pieces, words))
  if (cell.bar !== undefined) made.push(bar(cell))
  if (cell.missing) made.push(el("div", { className: cell.broken ? "missing broken" : "missing", textContent: cell.missing }))
  if (cell.text) made.push(el("div", { className: `value ${cell.strong ? "strong" : ""} ${cell.tone ?? ""}`, textContent: cell.text }))
  if (cell.note) made.push(el("small", { className: `aside ${cell.strong ? cell.tone : ""}`, textContent: cell.note }))
  return [...made, measured(cell), found(cell.findings, words)].filter(Boolean)
}
