// The table of runs. Data come from pages/_history_table.py; ticks and the opened run go back.
const tables = new Map()

class RunTable {
  constructor(root) {
    this.selected = []
    this.body = el("tbody")
    this.all = el("input", { type: "checkbox", onchange: () => this.tickAll() })
    this.head = el("tr")
    this.table = el("table", {}, el("thead", {}, this.head), this.body)
    this.wrap = el("div", { className: "wrap" }, this.table)
    root.append(this.wrap)
  }

  // The same root may be given to a new table later: two would stand below each other.
  remove() { this.wrap.remove() }

  update(data, tell, open) {
    Object.assign(this, { data, tell, open })
    const isFirst = this.cleared === undefined
    if (isFirst || this.cleared !== data.cleared) this.selected = [...data.selected]
    this.cleared = data.cleared
    const shape = JSON.stringify([data.rows, data.words])
    if (shape !== this.shape) this.draw()
    this.shape = shape
    this.mark()
  }

  draw() {
    const { rows, words } = this.data
    this.table.setAttribute("aria-label", words.table)
    this.all.setAttribute("aria-label", words.all)
    const column = (name, className = name) =>
      el("th", { scope: "col", className, textContent: words[name] })
    this.head.replaceChildren(
      el("th", { scope: "col", className: "tick" }, el("label", {}, this.all)),
      column("when"), column("what"), column("by"), column("status"),
      column("score"), column("stars"), column("total"))
    this.lines = new Map(rows.map(row => [row.id, this.line(row)]))
    this.body.replaceChildren(...[...this.lines.values()].map(line => line.root))
  }

  line(row) {
    const { words } = this.data
    const box = el("input", { type: "checkbox", "aria-label": `${words.select}: ${row.title}, ${row.when}` })
    box.onclick = event => this.tick(row.id, box.checked, event.shiftKey)
    const title = el("a", { href: row.href, className: "title", textContent: row.title })
    title.onclick = event => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault()
      event.stopPropagation()
      this.open(row.id)
    }
    const time = el("span", { textContent: row.when, title: row.whenFull })
    const cell = (className, ...children) => el("td", { className }, ...children)
    const root = el("tr", { "data-run": row.id },
      cell("tick", el("label", {}, box)),
      cell("when", time),
      cell("what", this.what(row, title)),
      cell("by", el("span", { className: row.isLive ? "badge live" : "badge", textContent: row.mode }),
        el("span", { className: "model", textContent: row.model, title: row.model })),
      cell("status", el("span", { className: "dot", "data-state": row.state }), row.status),
      cell("score", el("b", { textContent: row.score, "data-passed": String(row.passed) }),
        row.findings ? el("small", { textContent: row.findings, "data-bad": String(row.hasErrors) }) : null),
      cell("stars", row.raters ? "★ " : "", row.stars, row.raters > 1 ? el("small", { textContent: `× ${row.raters}` }) : null),
      cell("total", row.total))
    root.onclick = event => {
      if (event.target.closest("label, a") || String(window.getSelection())) return
      this.open(row.id)
    }
    return { root, box }
  }

  what(row, title) {
    const texts = el("div", { className: "texts" }, title,
      el("span", { className: "excerpt", textContent: row.excerpt }),
      el("span", { className: "about" }, row.about,
        ...row.tags.map(tag => el("span", { className: "tag", textContent: tag }))))
    if (!row.thumb) return texts
    const picture = el("span", { className: "thumb" }, el("img", { src: row.thumb, alt: "", loading: "lazy", decoding: "async" }),
      row.more ? el("small", { textContent: `+${row.more}` }) : null)
    return el("div", { className: "with-thumb" }, picture, texts)
  }

  tick(id, on, isRange) {
    const ids = this.data.rows.map(row => row.id)
    const from = isRange && this.last !== undefined ? ids.indexOf(this.last) : -1
    const to = ids.indexOf(id)
    const touched = from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1)
    this.last = id
    this.choose(touched, on)
  }

  tickAll() { this.choose(this.data.rows.map(row => row.id), this.all.checked) }

  choose(ids, on) {
    const others = this.selected.filter(id => !ids.includes(id))
    this.selected = on ? [...this.selected, ...ids.filter(id => !this.selected.includes(id))] : others
    this.mark()
    this.tell([...this.selected])
  }

  mark() {
    let ticked = 0
    for (const [id, line] of this.lines) {
      line.box.checked = this.selected.includes(id)
      line.root.toggleAttribute("data-selected", line.box.checked)
      ticked += line.box.checked
    }
    this.all.checked = ticked > 0 && ticked === this.lines.size
    this.all.indeterminate = ticked > 0 && ticked < this.lines.size
  }
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const table = tables.get(parentElement) ?? new RunTable(parentElement)
  tables.set(parentElement, table)
  table.update(data, ids => setStateValue("selected", ids), id => setTriggerValue("open", id))
  return () => { tables.delete(parentElement); table.remove() }
}
