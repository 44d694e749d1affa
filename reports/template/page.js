"use strict";
// Tables sort, filter and download; figures download; without this script the page says the same.
const make = (tag, text, parent) => parent.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
const save = (name, blob) => {
  const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const words = (cell) => (cell ? cell.innerText.replace(/\s+/g, " ").trim() : "");
const value = (text) => parseFloat(text.replace(/[−–]/g, "-").replace(/[,+±]/g, ""));

function sorted(body, place, falling) {
  const rows = [...body.rows].map((row, index) => ({ row, index, text: row.cells[place]?.dataset.value ?? words(row.cells[place]) }));
  const numbers = rows.filter(({ text }) => !isNaN(value(text))).length > rows.length / 2;
  rows.sort((a, b) => {
    const [x, y] = numbers ? [value(a.text), value(b.text)] : [a.text, b.text];
    if (numbers && isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
    const order = numbers ? x - y : x.localeCompare(y);
    return (falling ? -order : order) || a.index - b.index;
  });
  body.append(...rows.map(({ row }) => row));
}

function sorting(table) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2 || table.querySelector("tbody [rowspan]:not([rowspan='1'])")) return;
  table.querySelectorAll("thead th:not([scope=colgroup])").forEach((head) => {
    const place = [...table.querySelectorAll("thead th:not([scope=colgroup])")].indexOf(head);
    const columns = table.querySelectorAll("thead th:not([scope=colgroup])").length;
    if (body.rows[0].cells.length !== columns || !words(head)) return;
    const cells = [...head.childNodes];
    const button = make("button", "", head);
    button.append(...cells);
    button.type = "button";
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const order = columnOf(table, head);
      sorted(body, order, falling);
    });
  });
}

// Headers of grouped columns stand in a second line: their place on the page tells the column.
function columnOf(table, head) {
  const middle = (cell) => { const box = cell.getBoundingClientRect(); return (box.left + box.right) / 2; };
  const cells = [...table.tBodies[0].rows[0].cells];
  const gaps = cells.map((cell) => Math.abs(middle(cell) - middle(head)));
  return gaps.indexOf(Math.min(...gaps));
}

function filtering(table, tools) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length <= 12) return;
  const label = make("label", "Filter rows ", tools);
  const field = label.appendChild(Object.assign(document.createElement("input"), { type: "search" }));
  field.addEventListener("input", () => rows.forEach((row) => {
    row.hidden = !words(row).toLowerCase().includes(field.value.toLowerCase());
  }));
}

function csv(table) {
  const quoted = (cell) => `"${words(cell).replaceAll('"', '""')}"`;
  const heads = table.querySelectorAll("thead th:not([scope=colgroup])");
  return [[...heads], ...[...table.tBodies[0].rows].map((row) => [...row.cells])]
    .map((cells) => cells.map(quoted).join(",")).join("\r\n");
}

document.querySelectorAll("figure.table").forEach((figure) => {
  const table = figure.querySelector("table");
  if (!table || !table.tBodies.length) return;
  const tools = make("div", "", figure.querySelector("figcaption"));
  tools.className = "tools";
  const name = figure.querySelector("figcaption").id.replace(/-caption$/, "") || "table";
  sorting(table);
  filtering(table, tools);
  if (!figure.querySelector("a.data")) make("button", "CSV", tools).addEventListener("click", () => save(`${name}.csv`, new Blob([csv(table)], { type: "text/csv" })));
});

// A figure that leaves the page takes along all its panels, three in a row, and the colors that it is shown in.
function drawing(figure) {
  const style = getComputedStyle(document.documentElement);
  const svgs = [...figure.querySelectorAll("svg")];
  const [wide, high] = ["width", "height"].map((side) => Math.max(...svgs.map((svg) => svg.viewBox.baseVal[side])));
  const columns = Math.min(svgs.length, Math.floor(972 / wide));
  const [width, height] = [columns * wide, Math.ceil(svgs.length / columns) * high];
  const panels = svgs.map((svg, index) => {
    const panel = svg.cloneNode(true);
    const place = { x: (index % columns) * wide, y: Math.floor(index / columns) * high, width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
    Object.entries(place).forEach(([name, value]) => panel.setAttribute(name, value));
    return new XMLSerializer().serializeToString(panel);
  });
  const text = panels.join("").replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  const frame = `xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return { text: `<svg ${frame} style="background:${style.getPropertyValue("--paper")}">${text}</svg>`, width, height };
}

function bitmap(drawn, name) {
  const image = new Image();
  image.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * drawn.width, height: 2 * drawn.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(`${name}.png`, blob));
  };
  image.src = URL.createObjectURL(new Blob([drawn.text], { type: "image/svg+xml" }));
}

document.querySelectorAll("figure.drawing").forEach((figure) => {
  const { name } = figure.dataset;
  const tools = make("span", " ", figure.querySelector("figcaption"));
  tools.className = "tools";
  make("button", "SVG", tools).addEventListener("click", () =>
    save(`${name}.svg`, new Blob([drawing(figure).text], { type: "image/svg+xml" })));
  make("button", "PNG", tools).addEventListener("click", () => bitmap(drawing(figure), name));
});

document.querySelectorAll("pre.bibtex").forEach((block) => {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy BibTeX" });
  block.before(button);
  button.addEventListener("click", () => navigator.clipboard.writeText(block.innerText).then(() => { button.textContent = "Copied"; }));
});

const contents = document.querySelector(".contents details");
if (contents && matchMedia("(min-width: 75rem)").matches) contents.open = true;
