// Runs side by side. Data come from pages/_compare_data.py; actions go back as triggers.
const grids = new WeakMap()

class Grid {
  constructor(root) {
    this.open = new Set() // sections whose equal rows are shown
    this.scroll = el("div", { className: "scroll", tabIndex: 0, role: "region" })
    root.append(this.scroll)
  }

  update(data, send) {
    this.data = data
    this.send = send
    this.draw()
  }

  draw() {
    const { columns, sections, words } = this.data
    const focused = this.scroll.getRootNode().activeElement?.dataset?.focus
    this.scroll.setAttribute("aria-label", words.grid)
    const table = el("div", { className: "grid", role: "table", "aria-label": words.grid })
    table.style.setProperty("--columns", columns.length)
    const head = el("div", { className: "line heads", role: "row" },
      el("div", { className: "name corner", role: "columnheader", textContent: words.field }))
    head.append(...columns.map((column, place) => this.head(column, place)))
    table.append(head, ...sections.flatMap((section, place) => this.section(section, place)))
    const { scrollLeft, scrollTop } = this.scroll
    this.scroll.replaceChildren(table)
    this.scroll.scrollLeft = scrollLeft
    this.scroll.scrollTop = scrollTop
    this.together()
    if (focused) this.scroll.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus()
  }

  head(column, place) {
    const { words, columns } = this.data
    const choose = el("button", {
      type: "button", className: "reference", role: "radio", "aria-checked": column.reference,
      tabIndex: column.reference ? 0 : -1, title: words.make_reference, textContent: words.reference,
      onclick: () => this.send({ kind: "reference", run: column.id }),
    })
    choose.setAttribute("aria-label", `${words.reference} ${column.letter}`)
    choose.dataset.focus = `reference-${column.reference}`
    choose.onkeydown = event => this.move(event, place)
    const tools = el("span", { className: "tools" })
    const open = el("a", { href: column.open, title: words.open, target: "_blank", rel: "noopener" }, icon("open"))
    open.setAttribute("aria-label", `${words.open} ${column.letter}`)
    tools.append(open)
    if (columns.length > 2) {
      const remove = button("close", words.remove, () => this.send({ kind: "remove", run: column.id }), { bare: true })
      remove.setAttribute("aria-label", `${words.remove} ${column.letter}`)
      tools.append(remove)
    }
    const cell = el("div", { className: "cell head", role: "columnheader" },
      el("div", { className: "top" }, el("span", { className: "letter", textContent: column.letter }),
        el("span", { className: column.live ? "badge live" : "badge", textContent: column.mode }), choose, tools),
      el("strong", { textContent: column.model }),
      el("small", { className: "aside", textContent: column.facts }))
    if (column.status) cell.append(el("small", { className: column.tone, textContent: column.status }))
    cell.toggleAttribute("data-reference", column.reference)
    return cell
  }

  move(event, place) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (!step) return
    const { columns } = this.data
    event.preventDefault()
    this.send({ kind: "reference", run: columns[(place + step + columns.length) % columns.length].id })
  }

  section(section, place) {
    const { only, words } = this.data
    const hides = only || (section.folded && !this.open.has(place))
    const rows = section.rows.filter(row => row.differs || !hides)
    const made = []
    if (section.title) {
      const title = el("div", { className: "title", role: "row" })
      const cell = el("div", { className: "sticky", role: "cell" }, el("h3", { textContent: section.title }))
      if (section.folded && !only && section.rows.some(row => !row.differs)) {
        const fold = el("button", { type: "button", className: "fold", "aria-expanded": !hides,
          textContent: hides ? words.show_same : words.hide_same })
        fold.dataset.focus = `fold-${place}`
        fold.onclick = () => { this.open.has(place) ? this.open.delete(place) : this.open.add(place); this.draw() }
        cell.append(fold)
      }
      if (!rows.length) cell.append(el("span", { className: "aside", textContent: words.nothing }))
      title.append(cell)
      made.push(title)
    }
    return [...made, ...rows.map(row => this.row(row))]
  }

  row(row) {
    const { columns, words } = this.data
    const name = el("div", { className: "name", role: "rowheader" }, el("span", { textContent: row.label }))
    if (row.note) name.append(el("small", { className: "aside", textContent: row.note }))
    const line = el("div", { className: "line", role: "row" }, name)
    line.toggleAttribute("data-differs", row.differs)
    if (row.one) {
      const cell = el("div", { className: "cell one", role: "cell" }, this.inside(row.cells[0]))
      cell.querySelector(".inside").append(el("small", { className: "aside", textContent: words.same_for_all }))
      line.append(cell)
      return line
    }
    row.cells.forEach((cell, place) => {
      const made = el("div", { className: "cell", role: "cell" }, this.inside(cell))
      made.toggleAttribute("data-reference", columns[place].reference)
      made.toggleAttribute("data-quiet", Boolean(cell.quiet))
      line.append(made)
    })
    return line
  }

  inside(cell) {
    return el("div", { className: "inside" }, ...content(cell, this.data.words))
  }

  // Long texts of one row scroll together, each by its share: they are of different lengths.
  together() {
    for (const line of this.scroll.querySelectorAll(".line")) {
      const boxes = [...line.querySelectorAll(".inside")].filter(box => box.scrollHeight > box.clientHeight + 1)
      let leading = null
      for (const box of boxes) {
        box.tabIndex = 0
        box.onscroll = () => {
          if (leading && leading !== box) return
          leading = box
          const share = box.scrollTop / (box.scrollHeight - box.clientHeight)
          for (const other of boxes) if (other !== box) other.scrollTop = share * (other.scrollHeight - other.clientHeight)
          clearTimeout(line.resting)
          line.resting = setTimeout(() => { leading = null }, 120)
        }
      }
    }
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!grids.has(parentElement)) grids.set(parentElement, new Grid(parentElement))
  grids.get(parentElement).update(data, action => setTriggerValue("action", action))
}
