// One picture large, with all that is known of it; arrow keys go through the others.
function showLarge(board, id) {
  const { words } = board
  const stage = el("div", { className: "stage" })
  const side = el("div", { className: "side" })
  const dialog = overlay(board.root, words.large, stage, side)
  let shown = id

  const step = by => {
    const pictures = board.pictures()
    const place = pictures.findIndex(item => item.id === shown)
    draw(pictures[(place + by + pictures.length) % pictures.length])
  }
  const act = kind => () => { dialog.close(); board.act(kind, board.item(shown)) }

  const draw = item => {
    shown = item.id
    const pictures = board.pictures()
    const place = pictures.findIndex(other => other.id === item.id)
    const image = el("img", { src: item.full, alt: item.alt, width: item.width, height: item.height })
    image.style.background = `center / contain no-repeat url("${encodeURI(item.src)}")`
    const bar = el("div", { className: "bar" })
    if (pictures.length > 1) bar.append(
      button("back", words.previous, () => step(-1), { bare: true }),
      button("next", words.next, () => step(1), { bare: true }),
      el("span", { className: "status", textContent: `${place + 1} / ${pictures.length}` }),
    )
    stage.replaceChildren(bar, image)
    side.replaceChildren(...details(item))
  }

  const details = item => [
    el("div", { className: "top" },
      el("strong", { textContent: item.title }),
      button("close", words.close, () => dialog.close(), { bare: true })),
    el("div", { className: "acts" },
      button("again", words.again, act("again")),
      button("seed", words.seed, act("seed")),
      button("source", words.source, act("source")),
      button("compare", words.compare, act("compare")),
      link(item, words.download),
      button("sent", words.sent, act("sent")),
      item.openable ? button("open", words.open, act("open")) : null),
    section(words.prompt, item.prompt),
    item.negative ? section(words.negative, item.negative) : "",
    item.note ? el("p", { textContent: item.note }) : "",
    el("dl", {}, ...item.settings.flatMap(([name, value]) => [
      el("dt", { textContent: name }), el("dd", { textContent: value })])),
  ]

  dialog.onkeydown = event => {
    if (event.key === "ArrowRight") step(1)
    else if (event.key === "ArrowLeft") step(-1)
    else return
    event.preventDefault()
  }
  draw(board.item(id))
}

function section(title, text) {
  return el("div", {}, el("h2", { textContent: title }), el("p", { textContent: text }))
}
