// Two pictures against each other: with a slider, side by side, or flipped while a key is held.
let way = "slider"

function showCompare(board, a, b) {
  const { words } = board
  const stage = el("div", { className: "stage" })
  const side = el("div", { className: "side" })
  const dialog = overlay(board.root, words.comparison, stage, side)
  const ways = { slider: words.slider, side: words.side, flip: words.flip }
  const tabs = Object.entries(ways).map(([name, text]) =>
    el("button", { type: "button", className: "plain", textContent: text, onclick: () => draw(name) }))

  const draw = name => {
    way = name
    tabs.forEach((tab, place) => tab.setAttribute("aria-pressed", Object.keys(ways)[place] === name))
    const views = { slider: sliderView, side: sideView, flip: flipView }
    const view = views[name](a, b, words)
    stage.replaceChildren(el("div", { className: "bar" }, ...tabs), view)
    view.querySelector("input")?.focus()
    if (name === "flip") view.focus()
  }

  side.append(
    el("div", { className: "top" },
      el("strong", { textContent: words.comparison }),
      button("close", words.close, () => dialog.close(), { bare: true })),
    differences(a, b, words),
  )
  dialog.onkeydown = event => {
    const slider = stage.querySelector("input")
    if (!slider || event.target === slider || !["ArrowLeft", "ArrowRight"].includes(event.key)) return
    slider.value = Number(slider.value) + (event.key === "ArrowRight" ? 2 : -2)
    slider.oninput()
    slider.focus()
    event.preventDefault()
  }
  draw(way)
}

const letter = (name, className) => el("span", { className: `letter ${className}`, textContent: name })
const full = item => el("img", { src: item.full, alt: item.alt, draggable: false })

function sliderView(a, b, words) {
  const pair = el("div", { className: "pair" })
  const upper = full(b)
  upper.className = "upper"
  const slider = el("input", { type: "range", min: 0, max: 100, step: 1, value: 50, "aria-label": words.cut })
  slider.oninput = () => pair.style.setProperty("--cut", `${slider.value}%`)
  pair.style.setProperty("--ratio", a.width / a.height)
  pair.append(full(a), upper, el("div", { className: "cut" }), slider, letter("A", "a"), letter("B", "b"))
  slider.oninput()
  return pair
}

function sideView(a, b) {
  return el("div", { className: "both" },
    el("figure", {}, full(a), letter("A", "a")), el("figure", {}, full(b), letter("B", "a")))
}

function flipView(a, b, words) {
  const upper = full(b)
  const name = letter("A", "a")
  const flip = el("button", { type: "button", className: "flip", "aria-label": words.hold, title: words.hold })
  const show = second => () => { upper.hidden = !second; name.textContent = second ? "B" : "A" }
  flip.style.setProperty("--ratio", a.width / a.height)
  flip.onpointerdown = show(true)
  flip.onpointerup = flip.onpointerleave = flip.onblur = show(false)
  flip.onkeydown = event => { if (event.key === " ") { event.preventDefault(); show(true)() } }
  flip.onkeyup = show(false)
  flip.append(full(a), upper, name)
  show(false)()
  return flip
}

function differences(a, b, words) {
  const value = (item, name) => item.settings.find(([other]) => other === name)?.[1] ?? "–"
  const names = [...new Set([...a.settings, ...b.settings].map(([name]) => name))]
  const rows = [...names.map(name => [name, value(a, name), value(b, name)]),
    [words.prompt, a.prompt, b.prompt], [words.negative, a.negative || "–", b.negative || "–"]]
  const line = ([name, ...cells]) => {
    const row = el("tr", {}, el("th", { scope: "row", textContent: name }))
    if (cells[0] === cells[1]) {
      row.append(el("td", { colSpan: 2, textContent: cells[0] }))
      return row
    }
    row.append(...cells.map(textContent => el("td", { textContent })))
    row.setAttribute("data-differs", "")
    row.title = words.differs
    return row
  }
  rows.sort((one, other) => (one[1] === one[2]) - (other[1] === other[2]))
  const head = el("tr", {}, el("td"), ...["A", "B"].map(textContent => el("th", { scope: "col", textContent })))
  return el("table", {}, head, ...rows.map(line))
}
