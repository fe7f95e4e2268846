// Two pictures on the page itself; the ways to compare are those of the Image page's dialog.
const viewers = new WeakMap()
let shownAs = "slider"

function blendView(a, b) {
  const pair = el("div", { className: "pair blend" })
  const upper = full(b)
  upper.className = "difference"
  pair.style.setProperty("--ratio", a.width / a.height)
  pair.append(full(a), upper)
  return pair
}

class Viewer {
  constructor(root) {
    this.zoom = { by: 1, x: 0, y: 0 }
    this.place = 0
    this.frame = el("section", { className: "viewer" })
    root.append(this.frame)
  }

  update(data) {
    this.data = data
    this.place = Math.min(this.place, data.pairs.length - 1)
    const shape = JSON.stringify(data)
    if (shape === this.shape) return
    this.shape = shape
    this.draw()
  }

  draw() {
    const { pairs, words } = this.data
    const pair = pairs[this.place]
    const ways = { slider: words.slider, side: words.side, flip: words.flip, blend: words.blend }
    const bar = el("div", { className: "tabs", role: "toolbar", "aria-label": words.comparison })
    for (const [name, text] of Object.entries(ways)) {
      const tab = el("button", { type: "button", className: "plain", textContent: text, onclick: () => { shownAs = name; this.draw() } })
      tab.setAttribute("aria-pressed", shownAs === name)
      bar.append(tab)
    }
    const zooms = el("span", { className: "zooms" },
      el("button", { type: "button", className: "plain", textContent: "−", title: words.zoom_out, "aria-label": words.zoom_out, onclick: () => this.zoomBy(1 / 1.5) }),
      el("button", { type: "button", className: "plain", textContent: "+", title: words.zoom_in, "aria-label": words.zoom_in, onclick: () => this.zoomBy(1.5) }),
      el("button", { type: "button", className: "plain", textContent: words.whole, onclick: () => this.reset() }))
    bar.append(zooms)
    if (pairs.length > 1) bar.append(this.choice(pairs, words))
    const views = { slider: sliderView, side: sideView, flip: flipView, blend: blendView }
    const view = views[shownAs](pair.a, pair.b, words)
    view.querySelectorAll(".letter").forEach(name => { name.textContent = pair.letters[name.textContent === "A" ? 0 : 1] })
    if (shownAs === "flip") this.lettersOfFlip(view, pair)
    const upper = view.querySelector(".upper")
    if (upper) { // the cut stays where it is while the picture below it is moved
      const clipped = el("div", { className: "clipped" })
      upper.replaceWith(clipped)
      clipped.append(upper)
    }
    const stage = el("div", { className: "stage zoomable" }, view)
    this.stage = stage
    this.pannable(stage)
    const hint = el("p", { className: "hint-line", textContent: shownAs === "blend" ? `${words.blend_help}. ${words.pan}` : shownAs === "flip" ? `${words.hold}. ${words.pan}` : words.pan })
    this.frame.replaceChildren(bar, stage, hint)
    this.apply()
  }

  // The flip writes A or B as it turns; here the columns have other letters.
  lettersOfFlip(view, pair) {
    const name = view.querySelector(".letter")
    new MutationObserver(() => {
      const wanted = pair.letters[view.querySelector("img:nth-of-type(2)").hidden ? 0 : 1]
      if (name.textContent !== wanted) name.textContent = wanted
    }).observe(name, { childList: true, characterData: true, subtree: true })
  }

  choice(pairs, words) {
    const select = el("select", { "aria-label": words.pairs })
    pairs.forEach((pair, place) => {
      const number = pairs.slice(0, place + 1).filter(one => one.letters[1] === pair.letters[1]).length
      const option = el("option", { value: String(place), textContent: `${pair.letters[0]} · ${pair.letters[1]}  #${number}` })
      option.selected = place === this.place
      select.append(option)
    })
    select.onchange = () => { this.place = Number(select.value); this.reset(false); this.draw() }
    return select
  }

  zoomBy(factor, at = { x: 0, y: 0 }) {
    const before = this.zoom.by
    const by = Math.min(12, Math.max(1, before * factor))
    const ratio = by / before
    this.zoom = { by, x: at.x - (at.x - this.zoom.x) * ratio, y: at.y - (at.y - this.zoom.y) * ratio }
    if (by === 1) this.zoom = { by, x: 0, y: 0 }
    this.apply()
  }

  reset(draw = true) {
    this.zoom = { by: 1, x: 0, y: 0 }
    if (draw) this.apply()
  }

  apply() {
    const { by, x, y } = this.zoom
    this.stage.style.setProperty("--zoom", by)
    this.stage.style.setProperty("--x", `${x}px`)
    this.stage.style.setProperty("--y", `${y}px`)
    this.stage.dataset.zoomed = by > 1
  }

  pannable(stage) {
    stage.addEventListener("wheel", event => {
      if (!event.target.closest(".pair, .both, .flip")) return
      if (this.zoom.by === 1 && event.deltaY > 0) return // the page scrolls on
      event.preventDefault()
      const box = (event.target.closest("figure") ?? event.target.closest(".pair, .flip")).getBoundingClientRect()
      this.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, {
        x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 })
    }, { passive: false })
    stage.addEventListener("pointerdown", event => {
      const covered = event.target.closest("input, .flip")
      if (this.zoom.by === 1 || (covered && !event.shiftKey)) return
      event.preventDefault()
      event.stopPropagation()
      const from = { x: event.clientX - this.zoom.x, y: event.clientY - this.zoom.y }
      const move = moved => {
        this.zoom = { ...this.zoom, x: moved.clientX - from.x, y: moved.clientY - from.y }
        this.apply()
      }
      const end = () => { window.removeEventListener("pointermove", move); window.removeEventListener("pointerup", end) }
      window.addEventListener("pointermove", move)
      window.addEventListener("pointerup", end)
    }, true)
  }
}

export default function ({ data, parentElement }) {
  if (!viewers.has(parentElement)) viewers.set(parentElement, new Viewer(parentElement))
  viewers.get(parentElement).update(data)
}
