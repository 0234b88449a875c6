// The overview: table of targets, expression map, stages, agents, competitors.

function targetTable() {
  const heads = [{name: "Target"}, {name: "Symbol"}, {name: "Compartment"},
    {name: "Radionuclide stage", falling: true}, {name: "Agents", num: true, falling: true},
    ...data.modalities.slice(0, 4).map(m => ({name: m[1], falling: true})),
    {name: "Indi\u00adcations", num: true, falling: true}, {name: "Imaging companion"},
    {name: "Verified", falling: true}];
  const rows = targets.map((t, i) => ({index: i,
    cells: [targetLink(i), t.symbol || h("span", {class: "soft"}, "–"),
      t.compartments.join(", ") || "–", stageMark(t.stage), String(t.agents),
      ...t.rivals.slice(0, 4).map(r => h("span", {title: r[1]}, stageMark(r[0]))),
      String(t.indications.length), companion(t),
      [shares(t.verified, t.claims.length), percent(t.verified / Math.max(t.claims.length, 1))]],
    keys: [t.name.toLowerCase(), t.symbol || "~", t.compartments.join(),
      t.stage + t.agents / 1000, t.agents,
      ...t.rivals.slice(0, 4).map(r => r[0]), t.indications.length,
      t.companions.join() || "~", t.verified / Math.max(t.claims.length, 1)]}));
  const made = sortable("target-table", "Targets", heads, rows, 3, false);
  const empty = nothing("no-target");
  $("targets-view").append(made.node, empty);
  views.push(shown => {
    made.rows.forEach(r => { r.node.hidden = !shown.has(r.index); });
    empty.hidden = shown.size > 0;
  });
}

function companion(t) {
  if (!t.companions.length) return h("span", {class: "soft"}, "–");
  const more = t.companions.length - 1;
  return h("span", {title: t.companions.join(", ")}, t.companions[0],
    more ? h("span", {class: "soft"}, ` +${more}`) : null);
}

const measures = {
  rna: {name: "RNA", unit: "RNA, consensus nTPM", edges: rnaEdges,
    keys: ["< 1", "1–3", "3–10", "10–30", "30–100", "100–300", "≥ 300"]},
  protein: {name: "Protein", unit: "Protein, staining of the strongest cell type",
    keys: data.levels.map(l => l.toLowerCase())},
  density: {name: "Binding sites", unit: "Receptor density, nmol per litre of organ",
    edges: densityEdges, keys: ["< 0.3", "0.3–1", "1–3", "3–10", "10–30", "30–100", "≥ 100"]},
};
const densityOf = targets.map(t => new Map(t.densities.map(d => [d[0], d])));
function organValue(measure, i, o) {
  const t = targets[i];
  if (measure === "rna") return t.rna[o];
  if (measure === "protein") return t.level[o];
  const held = densityOf[i].get(data.organs[o][0]);
  return held ? held[1] : null;
}
function shadeOf(measure, value) {
  if (value === null || value === undefined) return null;
  return measure === "protein" ? 2 * value : bin(value, measures[measure].edges);
}
function organWords(measure, i, o) {
  const t = targets[i], value = organValue(measure, i, o);
  const head = `${t.name}, ${data.organs[o][1].toLowerCase()}: `;
  if (value === null || value === undefined) return head + "not measured";
  if (measure === "rna") return head + `RNA ${number(value)} nTPM`;
  if (measure === "protein") {
    const cells = (t.cells[o] || []).map(w => words[w]).join("; ");
    return head + `protein ${data.levels[value].toLowerCase()}, antibody `
      + (data.reliabilities[t.trust] || "not rated").toLowerCase() + (cells ? ` (${cells})` : "");
  }
  const [, , low, high, measured, pattern] = densityOf[i].get(data.organs[o][0]);
  return head + `${number(value)} nmol/L (90 % interval ${number(low)} to ${number(high)}), `
    + (measured ? "measured" : "modelled from " + patternWords(pattern));
}

const dagger = t => t.view === "direct" ? null : h("span", {class: "soft", title:
  `${t.genes.join(", ")} stand for it`}, " †");

function expressionMap() {
  let measure = "rna", sortedBy = -1, at = [0, 0];
  const rows = targets.map((t, i) => i).filter(i => targets[i].genes.length)
    .map(i => ({index: i, cells: data.organs.map(() => h("td", {tabindex: "-1"}))}));
  const body = h("tbody"), readout = h("output", {class: "readout", "aria-live": "polite"});
  const key = h("div"), empty = nothing("no-expression");
  const heads = data.organs.map((organ, o) => h("th", {scope: "col",
    class: organ[2] ? "turn judged" : "turn"}, h("button", {type: "button",
    title: "Sort by " + organ[1].toLowerCase(), onclick: () => { sortedBy = o; order(); }},
    h("span", null, organ[1]))));
  const byName = h("button", {type: "button", onclick: () => { sortedBy = -1; order(); }},
    "Target");
  const order = () => {
    const rank = r => sortedBy < 0 ? 0 : -(organValue(measure, r.index, sortedBy) ?? -1);
    rows.sort((a, b) => rank(a) - rank(b)
      || targets[a.index].name.localeCompare(targets[b.index].name, "en", {sensitivity: "base"}));
    body.append(...rows.map(r => r.node));
    heads.forEach((th, o) => o === sortedBy ? th.setAttribute("aria-sort", "descending")
      : th.removeAttribute("aria-sort"));
  };
  const paint = () => {
    rows.forEach(({index, cells}) => cells.forEach((td, o) => {
      const value = organValue(measure, index, o), shade = shadeOf(measure, value);
      const unsure = measure === "protein" && shade !== null && targets[index].trust === 1;
      const sure = measure === "density" && shade !== null
        && densityOf[index].get(data.organs[o][0])[4];
      td.className = shadeClass(shade ?? null) + (unsure ? " unsure" : "") + (sure ? " sure" : "")
        + (o && data.organs[o - 1][2] && !data.organs[o][2] ? " apart" : "");
      td.setAttribute("aria-label", organWords(measure, index, o));
    }));
    const shades = measure === "protein" ? [0, 2, 4, 6] : [0, 1, 2, 3, 4, 5, 6];
    const extra = measure === "protein" ? [["cell q4 unsure", "antibody uncertain"]]
      : measure === "density" ? [["cell q3 sure", "measured; others modelled"]] : [];
    key.replaceChildren(legend(measures[measure].unit, [
      ...shades.map((s, k) => ["cell q" + s, measures[measure].keys[k]]), ...extra,
      ["cell miss", "not measured"]]), h("p", {class: "note"}, "† The genes only stand for it: an "
      + "isoform, glycan or product of another gene, which such data cannot see itself."));
  };
  rows.forEach(r => {
    r.node = h("tr", null, h("th", {scope: "row"}, targetLink(r.index), dagger(targets[r.index])),
      r.cells);
  });
  const tell = td => { if (td && td.tagName === "TD") readout.textContent = td.ariaLabel; };
  const step = event => {
    const moves = {ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0]};
    const move = moves[event.key];
    if (!move || event.target.tagName !== "TD") return;
    event.preventDefault();
    const open = rows.filter(r => !r.node.hidden);
    const row = open.findIndex(r => r.node === event.target.parentNode);
    const column = open[row].cells.indexOf(event.target);
    const next = open[Math.min(Math.max(row + move[0], 0), open.length - 1)];
    const cell = next.cells[Math.min(Math.max(column + move[1], 0), heads.length - 1)];
    event.target.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  const table = h("table", {id: "expression-map", class: "map", role: "grid",
    "aria-label": "Targets by organ", onmouseover: e => tell(e.target.closest("td")),
    onfocusin: e => tell(e.target.closest("td")), onkeydown: step},
    h("thead", null, h("tr", null, h("th", {scope: "col", class: "corner"}, byName), heads)), body);
  const group = h("fieldset", {class: "switch"}, h("legend", null, "Show"),
    Object.entries(measures).map(([id, m]) => h("label", null, h("input", {type: "radio",
      name: "measure", value: id, checked: id === "rna", onchange: () => {
        measure = id; paint(); if (sortedBy >= 0) order();
      }}), m.name)));
  order();
  paint();
  rows[0].cells[0].tabIndex = 0;
  readout.textContent = "Point at a cell, or move with the arrow keys, to read it. An organ's "
    + "name sorts the rows.";
  $("expression-view").append(group, key, readout, boxed(table, "Expression map"), empty);
  views.push(shown => {
    rows.forEach(r => { r.node.hidden = !shown.has(r.index); });
    empty.hidden = rows.some(r => !r.node.hidden);
    rows.forEach(r => r.cells.forEach(td => { td.tabIndex = -1; }));
    const open = rows.find(r => !r.node.hidden);
    if (open) open.cells[0].tabIndex = 0;
  });
}

function choose(change) {
  const same = Object.entries(change).every(([key, value]) => state[key] === value);
  Object.assign(state, {vector: "", nuclide: "", of: "", at: ""}, same ? {} : change);
  apply();
}

function stageMatrix() {
  const rows = targets.map((t, i) => i).filter(i => agentsOf[i].length)
    .sort((a, b) => targets[b].stage - targets[a].stage || targets[b].agents - targets[a].agents);
  const empty = nothing("no-stage");
  const lines = rows.map(i => {
    const counts = stages.map((_, s) => agentsOf[i].filter(a => agents[a].stage === s).length);
    return {index: i, node: h("tr", null, h("th", {scope: "row"}, targetLink(i)),
      counts.map((n, s) => h("td", {class: n ? "count q" + stageShade(s) : "count none"},
        n ? h("button", {type: "button", "aria-label":
          `${targets[i].name}, ${stages[s]}: ${plural(n, "agent")}; list them`,
          onclick: () => { choose({of: String(i), at: String(s)}); toAgents(); }},
          String(n)) : null)))};
  });
  const table = h("table", {id: "stage-matrix", class: "matrix"}, h("thead", null, h("tr", null,
    h("th", {scope: "col"}, "Target"), stages.map(s => h("th", {scope: "col"}, sentence(s))))),
    h("tbody", null, lines.map(l => l.node)));
  const without = h("p", {class: "note"});
  $("stages-view").append(boxed(table, "Targets by stage"), empty, without);
  views.push(shown => {
    lines.forEach(l => { l.node.hidden = !shown.has(l.index); });
    empty.hidden = lines.some(l => !l.node.hidden);
    const bare = [...shown].filter(i => !agentsOf[i].length).length;
    without.textContent = bare ? `${plural(bare, "target")} of the selection without a `
      + "radionuclide agent in the catalogue." : "";
  });
}

const toAgents = () => $("agent-table").closest(".scroll").scrollIntoView({block: "start"});

function agentViews() {
  const vectors = [...new Set(agents.map(a => a.vector || "not stated"))];
  const nuclides = Object.keys(data.nuclides);
  const held = (v, n) => agents.filter(a => (a.vector || "not stated") === v
    && a.nuclides.includes(n)).length;
  const most = (list, of) => list.sort((a, b) => of(b) - of(a));
  most(vectors, v => v === "not stated" ? -1 : agents.filter(a => a.vector === v).length);
  most(nuclides, n => agents.filter(a => a.nuclides.includes(n)).length);
  const cells = vectors.flatMap(v => nuclides.map(n => ({v, n, node: h("td")})));
  const table = h("table", {id: "vector-matrix", class: "matrix"}, h("thead", null, h("tr", null,
    h("th", {scope: "col"}, "Vector"), nuclides.map(n => h("th", {scope: "col"}, nuclide(n))))),
    h("tbody", null, vectors.map((v, r) => h("tr", null, h("th", {scope: "row"}, sentence(v)),
      cells.slice(r * nuclides.length, (r + 1) * nuclides.length).map(c => c.node)))));
  const chosen = h("p", {class: "chosen"});
  const heads = [{name: "Agent"}, {name: "Target"}, {name: "Vector"}, {name: "Nuclide"},
    {name: "Indication"}, {name: "Stage", falling: true}, {name: "Status"}, {name: "Source"}];
  const made = sortable("agent-table", "Agents", heads, agents.map((a, i) => agentRow(a, i)), 5,
    false);
  const empty = nothing("no-agent");
  $("agents-view").append(boxed(table, "Agents by vector and nuclide", false), chosen,
    made.node, empty);
  views.push((shown, carried) => {
    made.rows.forEach(r => { r.node.hidden = !carried.has(r.index); });
    empty.hidden = carried.size > 0;
    const wanted = state.vector || state.nuclide || state.of !== "" || state.at !== "";
    const {vector, nuclide: lead, of, at} = state;
    Object.assign(state, {vector: "", nuclide: "", of: "", at: ""});
    const open = agents.filter((a, i) => agentFits(a, i, shown));
    Object.assign(state, {vector, nuclide: lead, of, at});
    cells.forEach(c => paintCount(c, open));
    const said = [vector, lead && nuclide(lead), of !== "" && targets[Number(of)].name,
      at !== "" && stages[Number(at)]].filter(Boolean).join(", ");
    chosen.replaceChildren(...(wanted ? [`Listed: ${said} (${carried.size}). `,
      h("button", {type: "button", class: "quiet", onclick: () => choose({})}, "List all")]
      : [`Listed: ${plural(carried.size, "agent")}. Choose a number above to list its agents.`]));
  });
}
function paintCount(cell, open) {
  const n = open.filter(a => (a.vector || "not stated") === cell.v
    && a.nuclides.includes(cell.n)).length;
  const on = state.vector === cell.v && state.nuclide === cell.n;
  cell.node.className = n ? "count q" + Math.min(1 + bin(n, [2, 4, 8, 16, 32]), 6) : "count none";
  cell.node.replaceChildren(...(n ? [h("button", {type: "button", "aria-pressed": String(on),
    "aria-label": `${cell.v}, ${nuclide(cell.n)}: ${plural(n, "agent")}`,
    onclick: () => { choose({vector: cell.v, nuclide: cell.n}); refocus(cell.node); }},
    String(n))] : []));
}
const refocus = node => node.querySelector("button")?.focus();

function agentRow(a, i, without) {
  const trials = a.nct.map((n, k) => [k ? ", " : "",
    link("https://clinicaltrials.gov/study/" + n, n)]);
  const cells = [
    [h("span", {class: "name"}, a.label), a.aliases.length
      ? h("span", {class: "under"}, a.aliases.join(", ")) : null],
    a.targets.map((t, k) => [k ? ", " : "", targetLink(t)]),
    [sentence(a.vector || "not stated"), a.chelator
      ? h("span", {class: "under"}, a.chelator) : null],
    a.nuclides.map(nuclide).join(", "), a.at.map(indication).join(", ") || "–",
    [stageMark(a.stage), h("span", {class: "under line"}, a.date ? a.date + " " : null,
      verifiedMark(a.verified))],
    [sentence(a.status), a.reason ? h("span", {class: "under"}, a.reason) : null],
    [sourceNodes([a.source, ...a.also]), trials.length
      ? h("span", {class: "under"}, trials) : null]];
  const keys = [a.name.toLowerCase(), a.targets.map(t => targets[t].name).join(), a.vector,
    a.nuclides.join(), a.at.join(), a.stage, a.status, a.source];
  const kept = without === undefined ? cells.keys() : [...cells.keys()].filter(k => k !== without);
  return {index: i, cells: [...kept].map(k => cells[k]), keys};
}

function competitorMap() {
  const heads = ["Radionuclide", ...data.modalities.map(m => m[1])];
  const stand = i => [targets[i].stage, ...targets[i].rivals.map(r => r[0])];
  const rows = targets.map((t, i) => i).filter(i => stand(i).some(s => s >= 0)).map(i => ({
    index: i, keys: [targets[i].name.toLowerCase(), ...stand(i)],
    cells: [targetLink(i), ...stand(i).map((s, k) => s < 0 ? h("span", {class: "soft"}, "–")
      : h("span", {class: "tile q" + stageShade(s), title: k ? targets[i].rivals[k - 1][1]
        : plural(targets[i].agents, "agent")}, stage(s)))]}));
  const made = sortable("competitor-map", "Highest stage by kind of treatment",
    [{name: "Target"}, ...heads.map(name => ({name, falling: true}))], rows, 1, false);
  made.table.classList.add("tiles");
  const empty = nothing("no-competitor");
  $("competitors-view").append(made.node, empty);
  views.push(shown => {
    made.rows.forEach(r => { r.node.hidden = !shown.has(r.index); });
    empty.hidden = made.rows.some(r => !r.node.hidden);
  });
}
