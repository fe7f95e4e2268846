// The board of pictures. Data come from pages/_image_cards.py; actions go back as triggers.
let chosen = null // the first of two to compare, on whichever board of the page it is
const boards = new Map()

class Board {
  constructor(root) {
    this.root = root
    this.cards = new Map()
    this.place = el("div")
    this.hint = el("div", { className: "hint", hidden: true, role: "status" })
    root.append(this.place, this.hint)
  }

  // The same root may be given to a new board later.
  remove() { this.place.remove(); this.hint.remove() }

  item(id) { return this.data.items.find(item => item.id === id) }
  pictures() { return this.data.items.filter(item => item.state === "done") }

  update(data, send) {
    this.data = data
    this.words = data.words
    this.send = send
    const known = new Set(data.items.map(item => item.id))
    for (const [id, card] of this.cards) if (!known.has(id)) { card.root.remove(); this.cards.delete(id) }
    for (const item of data.items) {
      const card = this.cards.get(item.id) ?? new Card(this)
      this.cards.set(item.id, card)
      card.update(item)
    }
    this.arrange()
    this.mark()
  }

  pulse(states) {
    for (const card of this.cards.values()) {
      const state = card.item.state === "live" && states[card.item.run]
      if (state) card.update({ ...card.item, ...state })
    }
  }

  arrange() {
    const { table, items, kind } = this.data
    const count = kind === "gallery" ? "gallery" : items.length === 1 ? "one" : items.length <= 4 ? "few" : "many"
    const shape = JSON.stringify([count, table, items.map(item => item.id)])
    if (shape === this.shape) return // what stands is left standing: pictures do not blink
    this.shape = shape
    const cards = items.map(item => this.cards.get(item.id).root)
    const board = el("div", { className: "board", "data-count": table ? "table" : count })
    if (!table) board.append(...cards, count === "gallery" ? el("div", { className: "filler" }) : "")
    else board.append(...this.tableCells(table, cards))
    // Cells of about the same area, whatever the shape of the pictures.
    board.style.setProperty("--wide", Math.sqrt(Math.max(...items.map(item => item.width / item.height))))
    if (table) {
      board.style.setProperty("--columns", table.columns.length)
      board.style.setProperty("--least", table.columns.length > 4 ? "8rem" : "10rem")
    }
    this.place.className = table ? "table" : ""
    this.place.replaceChildren(board)
  }

  tableCells(table, cards) {
    const head = (text, className, name) =>
      el("div", { className: `head ${className}` }, name ? el("small", { textContent: name }) : null, text)
    const cells = [el("div"), ...table.columns.map(text => head(text, "column", table.across))]
    table.rows.forEach((text, row) => {
      cells.push(head(text, "row", text ? table.down : ""))
      cells.push(...cards.slice(row * table.columns.length, (row + 1) * table.columns.length))
    })
    return cells
  }

  act(kind, item) {
    if (kind === "compare") this.choose(item)
    else if (kind === "large") showLarge(this, item.id)
    else this.send({ kind, run: item.run, index: item.index, sha256: item.sha256 ?? null })
  }

  choose(item) {
    if (chosen?.id === item.id) chosen = null
    else if (chosen === null) chosen = item
    else {
      const first = chosen
      chosen = null
      showCompare(this, first, item)
    }
    for (const board of boards.values()) board.mark()
  }

  mark() {
    for (const [id, card] of this.cards) card.mark(chosen?.id === id)
    const here = chosen !== null && this.cards.has(chosen.id)
    this.hint.hidden = !here
    if (here) this.hint.replaceChildren(
      el("span", { textContent: this.words.second }),
      el("button", { type: "button", className: "plain", textContent: this.words.cancel, onclick: () => this.choose(chosen) }))
  }
}

class Card {
  constructor(board) {
    this.board = board
    this.root = el("figure", { className: "card" })
  }

  mark(on) {
    this.root.toggleAttribute("data-chosen", on)
    this.compare?.setAttribute("aria-pressed", on)
  }

  update(item) {
    const before = this.item
    this.item = item
    if (before && JSON.stringify(before) === JSON.stringify(item)) return
    this.root.dataset.state = item.state
    this.root.dataset.run = item.run
    this.root.style.setProperty("--ratio", item.width / item.height)
    if (item.state === "live" && before?.state === "live") return this.progress(item)
    const { words } = this.board
    this.compare = undefined
    if (item.state === "live") this.drawLive(item, words)
    else if (item.state === "done") this.drawPicture(item, words, before)
    else this.drawEnded(item, words)
  }

  drawLive(item, words) {
    this.image = el("img", { alt: "", hidden: true })
    this.status = el("span", { className: "status" })
    this.beside = el("span", { className: "status beside" })
    this.bar = el("progress", { max: 1, "aria-label": words.progress })
    this.stop = button("stop", words.stop, () => this.board.act("stop", this.item))
    const line = el("div", { className: "line" }, el("div", {}, this.status, this.beside), this.stop)
    const frame = el("div", { className: "frame" }, this.image, el("div", { className: "veil" }, line, this.bar))
    this.root.replaceChildren(frame, this.foot(item))
    this.progress(item)
  }

  progress(item) {
    this.status.textContent = item.status
    this.beside.textContent = ` · ${item.beside}`
    if (item.share === null) this.bar.removeAttribute("value")
    else this.bar.value = item.share
    this.bar.hidden = item.share === null
    this.stop.hidden = item.stopping
    if (item.preview && this.image.getAttribute("src") !== item.preview) {
      this.image.src = item.preview
      this.image.onload = () => { this.image.hidden = false }
    }
  }

  drawPicture(item, words, before) {
    const act = kind => () => this.board.act(kind, this.item)
    const image = el("img", { loading: "lazy", decoding: "async", alt: item.alt, width: item.width, height: item.height })
    const frame = el("button", { type: "button", className: "frame", onclick: act("large") }, image)
    frame.setAttribute("aria-label", `${words.enlarge}: ${item.alt}`)
    if (before?.preview) frame.style.background = `center / cover no-repeat url("${encodeURI(before.preview)}")`
    image.src = item.src
    this.compare = button("compare", words.compare, act("compare"), { bare: true, className: "" })
    const tools = el("div", { className: "tools" },
      button("again", words.again, act("again"), { bare: true, className: "" }),
      button("seed", words.seed, act("seed"), { bare: true, className: "" }),
      button("source", words.source, act("source"), { bare: true, className: "" }),
      this.compare,
      link(item, words.download, { bare: true }),
      button("sent", words.sent, act("sent"), { bare: true, className: "" }))
    this.root.replaceChildren(frame, this.foot(item, tools))
  }

  drawEnded(item, words) {
    const act = kind => () => this.board.act(kind, this.item)
    const ended = el("div", { className: "ended" }, el("p", { className: "what", textContent: item.what }),
      item.next ? el("p", { textContent: item.next }) : null,
      item.command ? el("code", { textContent: item.command }) : null,
      item.detail ? el("details", {}, el("summary", { textContent: words.detail }), el("p", { textContent: item.detail })) : null)
    const tools = el("div", { className: "tools" },
      button("again", words.again, act("again"), { bare: true, className: "" }),
      button("sent", words.sent, act("sent"), { bare: true, className: "" }))
    this.root.replaceChildren(el("div", { className: "frame" }, ended), this.foot(item, tools))
  }

  foot(item, tools) {
    const facts = el("figcaption", { className: "facts" }, el("b", { textContent: item.title }), ` ${item.facts}`)
    return el("div", { className: "foot" }, facts, tools)
  }
}

// While runs are under way their state comes from the pulse, so that the board need not be resent.
window.addEventListener("playground-pictures", event => {
  for (const board of boards.values()) board.pulse(event.detail)
})

export default function ({ data, parentElement, setTriggerValue }) {
  const board = boards.get(parentElement) ?? new Board(parentElement)
  boards.set(parentElement, board)
  board.update(data, action => setTriggerValue("action", action))
  return () => { boards.delete(parentElement); board.remove() }
}
