// What every view shares: data, elements, numbers, filters. Text reaches the page only as text
// nodes, links only as https or hash links: nothing in the data can become markup.

const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;
const targets = data.targets, agents = data.agents, stages = data.stages;
const byId = new Map(targets.map((t, i) => [t.id, i]));
const $ = id => document.getElementById(id);

function fill(node, attrs, kids) {
  for (const [key, value] of Object.entries(attrs || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "href" && !/^(https:\/\/|#)/.test(value)) continue;
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const kid of kids.flat(Infinity))
    if (kid !== null && kid !== undefined && kid !== false)
      node.append(kid instanceof Node ? kid : document.createTextNode(kid));
  return node;
}
const h = (tag, attrs, ...kids) => fill(document.createElement(tag), attrs, kids);
const drawn = (tag, attrs, ...kids) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, kids);
const link = (url, text, more) => url ? h("a", {href: url, ...more}, text) : text;

const digits = {"0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷",
  "8": "⁸", "9": "⁹", "-": "⁻"};
function number(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa, power] = value.toExponential(1).split("e");
    const raised = [...String(Number(power))].map(c => digits[c]).join("");
    return mantissa.replace("-", "−").replace(/\.0$/, "") + " × 10" + raised;
  }
  const [whole, part] = String(Number(value.toPrecision(3))).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return (part ? grouped + "." + part : grouped).replace("-", "−");
}
const percent = share => Math.round(100 * share) + "\u202f%";
const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);
const spoken = text => text.replace(/_/g, " ");
const indication = id => data.indications[id] || spoken(id.replace(/^tumour:/, "tumour, "));
const nuclide = name => data.nuclides[name] || name;
const stage = i => i < 0 ? "" : stages[i];
const organName = new Map(data.organs.map(o => [o[0], o[1]]));
const place = id => organName.get(id) || data.indications[id] || sentence(spoken(id));
// Words of the profile carry names and numbers as programs write them.
const readable = text => text.replace("rna+protein", "RNA and protein")
  .replace(/\b[a-z]+(?:_[a-z]+)+\b/g, spoken)
  .replace(/\b\d(?:\.\d+)?e[+-]\d+\b/g, found => number(Number(found)));
const patternWords = i => data.patterns[i].replace("rna", "RNA").replace("+", " and ");
const plural = (n, one, many) => n + "\u202f" + (n === 1 ? one : many || one + "s");

// Shades 0 to 6; a missing value has no shade but a dotted field.
const rnaEdges = [1, 3, 10, 30, 100, 300], densityEdges = [0.3, 1, 3, 10, 30, 100];
const bin = (value, edges) => edges.filter(edge => value >= edge).length;
const stageShade = i => i < 0 ? null : Math.min(1 + Math.round(5 * i / (stages.length - 1)), 6);

const state = {text: "", compartment: "", indication: "", stage: "", kind: "",
  vector: "", nuclide: "", of: "", at: ""};
const folded = text => text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "");
const ownWords = targets.map(t => [t.id, t.name, t.symbol, t.family, ...t.aliases, ...t.uniprot,
  ...t.genes].map(folded).join(" "));
const agentWords = agents.map(a => [a.name, ...a.aliases, ...a.trials, ...a.nct, a.sponsor]
  .map(folded).join(" "));
const agentsOf = targets.map(() => []);
agents.forEach((a, i) => a.targets.forEach(t => agentsOf[t].push(i)));
const rivalsOf = targets.map(t => t.rivals.map(r => folded(r[1])).join(" "));

const finds = (i, text) => !text || ownWords[i].includes(text) || rivalsOf[i].includes(text)
  || agentsOf[i].some(a => agentWords[a].includes(text));
function fits(t, i, {anywhere = false} = {}) {
  if (!finds(i, folded(state.text))) return false;
  if (state.kind && t.kind !== state.kind) return false;
  const at = state.indication;
  const places = at && t.places[at] || t.compartments;
  const all = at ? places : [...places, ...Object.values(t.places).flat()];
  if (state.compartment && !all.includes(state.compartment)) return false;
  if (at && !anywhere && !t.indications.includes(at)
      && !agentsOf[i].some(a => agents[a].at.includes(at))) return false;
  if (state.stage === "none") return t.stage < 0;
  return state.stage === "" || t.stage >= Number(state.stage);
}
function agentFits(a, i, shown) {
  if (state.indication && !a.at.includes(state.indication)) return false;
  if (state.vector && (a.vector || "not stated") !== state.vector) return false;
  if (state.nuclide && !a.nuclides.includes(state.nuclide)) return false;
  if (state.of !== "" && !a.targets.includes(Number(state.of))) return false;
  if (state.at !== "" && a.stage !== Number(state.at)) return false;
  const text = folded(state.text);
  const named = agentWords[i].includes(text)
    || a.targets.some(t => ownWords[t].includes(text) || rivalsOf[t].includes(text));
  return named && (a.targets.some(t => shown.has(t)) || (!a.targets.length && !filtered()));
}
const filtered = () => Boolean(state.compartment || state.kind || state.stage);

const views = [];
function apply() {
  const shown = new Set(targets.flatMap((t, i) => fits(t, i) ? [i] : []));
  const carried = new Set(agents.flatMap((a, i) => agentFits(a, i, shown) ? [i] : []));
  views.forEach(view => view(shown, carried));
  $("tally").textContent = `${shown.size} of ${targets.length} targets, `
    + `${carried.size} of ${agents.length} agents`;
}

// A table whose headings sort; a row is {cells: [node or text], keys: [sort keys], index}.
function sortable(id, caption, heads, rows, first, ascending = true) {
  const body = h("tbody"), buttons = [], headings = [];
  let by = first, up = ascending;
  const order = () => {
    const sign = up ? 1 : -1;
    rows.sort((a, b) => {
      const [x, y] = [a.keys[by], b.keys[by]];
      if (x === y) return String(a.keys[0]).localeCompare(String(b.keys[0]));
      return sign * (typeof x === "number" && typeof y === "number" ? x - y
        : String(x).localeCompare(String(y), "en", {sensitivity: "base"}));
    });
    body.append(...rows.map(r => r.node));
    headings.forEach((th, i) =>
      i === by ? th.setAttribute("aria-sort", up ? "ascending" : "descending")
        : th.removeAttribute("aria-sort"));
  };
  heads.forEach((head, i) => {
    const button = h("button", {type: "button", onclick: () => {
      up = i === by ? !up : !head.falling;
      by = i;
      order();
    }}, head.name);
    buttons.push(button);
    headings.push(h("th", {scope: "col", class: head.num ? "num" : null}, button,
      head.unit ? h("span", {class: "unit"}, head.unit) : null));
  });
  rows.forEach(row => {
    row.node = h("tr", null, row.cells.map((cell, i) => i === 0
      ? h("th", {scope: "row"}, cell) : h("td", {class: heads[i].num ? "num" : null}, cell)));
  });
  order();
  const table = h("table", {id, class: "sortable"}, h("caption", null, caption),
    h("thead", null, h("tr", null, headings)), body);
  return {node: boxed(table, caption), rows, table};
}
const boxed = (node, label, tall = true) => h("div", {class: tall ? "scroll tall" : "scroll",
  tabindex: "0", role: "region", "aria-label": label}, node);
const nothing = (id) => h("p", {class: "nothing", id, hidden: true},
  "Nothing matches the search and filters.");

const targetLink = (i, text) => h("a", {href: "#target=" + encodeURIComponent(targets[i].id)},
  text || targets[i].name);
const shadeClass = value => value === null ? "cell miss" : "cell q" + value;
const stageMark = i => i < 0 ? h("span", {class: "soft"}, "–")
  : h("span", {class: "stage"}, h("i", {class: "chip q" + stageShade(i)}), stage(i));
const verifiedMark = yes => h("span", {class: yes ? "mark yes" : "mark no"},
  yes ? "✓ verified" : "○ unverified");
function sourceNodes(ids) {
  return ids.filter(Boolean).flatMap((id, k) => {
    const [citation, , url] = data.sources[id] || ["", "", ""];
    return [k ? ", " : "", link(url, id, {title: citation})];
  });
}
const shares = (part, whole) => h("span", {class: "meter", role: "img",
  "aria-label": whole ? percent(part / whole) : "none"},
  h("b", {style: `width:${whole ? 100 * part / whole : 0}%`}));
const legend = (title, entries) => h("p", {class: "legend"}, h("span", {class: "unit"}, title),
  entries.map(([kind, text]) => h("span", {class: "key"}, h("i", {class: kind}), text)));
