// Small makers of elements. Words always go through textContent: none of them is ever markup.
const SVG = "http://www.w3.org/2000/svg"
const ICONS = {
  again: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  seed: "M4 7h3l9 10h4M4 17h3l2.5-2.8M13.5 9.8 16 7h4M17.5 4.5 20 7l-2.5 2.5M17.5 14.5 20 17l-2.5 2.5",
  source: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15 9h.01",
  compare: "M12 3v18M9 6H4v12h5M15 6h5v12h-5",
  download: "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
  sent: "M5 4h14v16H5zM8.5 9h7M8.5 13h7M8.5 17h4",
  open: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
}

function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue
    if (name in made && name !== "list") made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children.filter(child => child !== null && child !== undefined))
  return made
}

function icon(name) {
  const drawing = document.createElementNS(SVG, "svg")
  const path = document.createElementNS(SVG, "path")
  drawing.setAttribute("viewBox", "0 0 24 24")
  drawing.setAttribute("aria-hidden", "true")
  path.setAttribute("d", ICONS[name])
  drawing.append(path)
  return drawing
}

// A button with an icon, and its words beside it or as its name alone.
function button(name, words, onclick, { bare = false, className = "plain" } = {}) {
  const made = el("button", { type: "button", className, onclick }, icon(name))
  if (bare) {
    made.title = words
    made.setAttribute("aria-label", words)
  } else made.append(el("span", { textContent: words }))
  return made
}

function link(item, words, { bare = false } = {}) {
  const made = el("a", { href: item.download, download: "" }, icon("download"))
  made.className = bare ? "" : "plain"
  if (bare) {
    made.title = words
    made.setAttribute("aria-label", words)
  } else made.append(el("span", { textContent: words }))
  return made
}

// A <dialog> over the whole page, removed when it is closed.
function overlay(root, label, ...children) {
  const dialog = el("dialog", { "aria-label": label }, ...children)
  const before = root.activeElement ?? document.activeElement
  dialog.onclose = () => { dialog.remove(); before?.focus?.({ preventScroll: true }) }
  root.append(dialog)
  dialog.showModal()
  return dialog
}
