// The page of one target: everything that is known of it.

const FIELDS = ["compartment", "surface_access", "internalisation", "shedding", "turnover",
  "gene_level_gap", "brain_reach", "dose_limiting_organ", "imaging_companion", "prevalence",
  "positive_cells", "tumour_density", "b_max", "ligand_uptake", "organ_expression", "safety"];
const FIELD_NAMES = {b_max: "Binding sites (B_max)", gene_level_gap:
  "What gene-level data cannot see", brain_reach: "Blood–brain barrier", positive_cells:
  "Positive cells", ligand_uptake: "Ligand uptake in people or animals", organ_expression:
  "Expression in organs, from the literature", dose_limiting_organ: "Dose-limiting organ"};
const fieldName = id => FIELD_NAMES[id] || (id.startsWith("modality:")
  ? (data.modalities.find(m => "modality:" + m[0] === id) || ["", spoken(id.slice(9))])[1]
  : sentence(spoken(id)));

function claimValue([field, , value, low, high, unit, status]) {
  if (status > 0 && value === null) return data.states[status];
  if (value === null && low === null && high === null) return "–";
  if (typeof value === "string") {
    const parts = value.split(";").map(v => organName.has(v) ? organName.get(v).toLowerCase() : v);
    return parts.join(", ");
  }
  const share = unit === "1" && ["prevalence", "positive_cells"].includes(words[field]);
  const show = v => share ? percent(v) : number(v);
  const range = low === null && high === null ? "" : low === null ? `up to ${show(high)}`
    : high === null ? `at least ${show(low)}` : `${show(low)} to ${show(high)}`;
  const main = value === null ? range : show(value) + (range ? ` (${range})` : "");
  return main + (share || unit === "1" ? "" : "\u202f" + unit);
}
function knowledgeMark(status, knowledge) {
  if (data.states[status] === "not measured") return h("span", {class: "soft"}, "–");
  const word = data.knowledge[knowledge];
  return h("span", {class: word === "verified" ? "mark yes" : "mark no"},
    (word === "verified" ? "✓ " : "○ ") + word);
}
const stateMark = status => h("span", {class: "state s" + status}, data.states[status]);
function cited(id) {
  if (!id) return "–";
  const [citation, locator, url] = data.sources[id] || ["", "", ""];
  return [link(url, id), citation || locator ? h("span", {class: "under"}, citation
    + (locator ? (citation ? ". " : "") + locator : "")) : null];
}
function claims(t) {
  const groups = new Map();
  t.claims.forEach(c => {
    const field = words[c[0]];
    groups.set(field, [...(groups.get(field) || []), c]);
  });
  const order = field => FIELDS.includes(field) ? FIELDS.indexOf(field) : 99;
  const body = [...groups].sort((a, b) => order(a[0]) - order(b[0])).flatMap(([field, list]) => [
    h("tr", {class: "group"}, h("th", {scope: "colgroup", colspan: 6}, fieldName(field))),
    ...list.map(c => h("tr", null, h("th", {scope: "row"}, context(words[c[1]])),
      h("td", null, claimValue(c), c[10] ? h("span", {class: "under"}, c[10]) : null),
      h("td", null, stateMark(c[6])), h("td", null, knowledgeMark(c[6], c[7])),
      h("td", {class: "src"}, cited(c[8])), h("td", null, c[9] || "–")))]);
  const heads = ["Where", "Finding", "Status", "Read", "Source", "Date"];
  return boxed(h("table", {id: "claims", class: "claims"}, h("caption", null, "Findings"),
    h("thead", null, h("tr", null, heads.map(name => h("th", {scope: "col"}, name)))),
    h("tbody", null, body)), "Findings", false);
}
const context = text => text === "default" ? "In general" : data.indications[text]
  || organName.get(text) || indication(text);

function bar(share, shade, label, unsure) {
  return h("span", {class: "bar", role: "img", "aria-label": label},
    h("i", {class: `q${shade}` + (unsure ? " unsure" : ""),
      style: `width:${Math.max(100 * share, 1.5)}%`}));
}
const missing = () => [h("span", {class: "bar cell miss"}), h("span", {class: "soft"},
  "not measured")];
const LOW = -2, HIGH = 4;
const decade = v => Math.min(Math.max((Math.log10(Math.max(v, 1e-9)) - LOW) / (HIGH - LOW), 0), 1);
function densityLine([, middle, low, high, measured]) {
  const x = v => 4 + 152 * decade(v);
  return drawn("svg", {viewBox: "0 0 160 14", class: "density", role: "img", "aria-label":
    `${number(middle)} nmol/L, ${number(low)} to ${number(high)}`},
  [0.01, 1, 100, 10000].map(v => drawn("line", {x1: x(v), x2: x(v), y1: 0, y2: 14,
    class: "cut"})),
  drawn("line", {x1: x(low), x2: x(high), y1: 7, y2: 7, class: "span"}),
  drawn("circle", {cx: x(middle), cy: 7, r: 3.5, class: measured ? "dot" : "dot open"}));
}
function densityCell(held) {
  if (!held) return missing();
  return [densityLine(held), h("span", {class: "figure"}, number(held[1])), h("span",
    {class: "under line"}, `${number(held[2])} to ${number(held[3])}, ` + (held[4] ? "measured"
    : "modelled from " + patternWords(held[5])))];
}
function measuredCell(t, organ) {
  const found = t.claims.filter(c => ["ligand_uptake", "b_max", "organ_expression"]
    .includes(words[c[0]]) && words[c[1]] === organ && c[6] < 2);
  return found.length ? found.map((c, k) => [k ? "; " : "", words[c[0]] === "b_max" ? "B_max "
    : words[c[0]] === "ligand_uptake" ? "uptake " : "", claimValue(c)])
    : h("span", {class: "soft"}, "–");
}
function organs(t, i) {
  const listed = data.organs.map((o, k) => k);
  listed.sort((a, b) => (data.organs[b][2] - data.organs[a][2])
    || data.organs[a][1].localeCompare(data.organs[b][1]));
  const most = Math.log10(1 + Math.max(1000, ...t.rna.map(v => v || 0)));
  const body = listed.map(o => {
    const rna = t.rna[o], level = t.level[o], unsure = t.trust === 1;
    return h("tr", null, h("th", {scope: "row", class: data.organs[o][2] ? "judged" : null},
      data.organs[o][1]),
    h("td", null, rna === null ? missing() : [bar(Math.log10(1 + rna) / most,
      bin(rna, rnaEdges), `${number(rna)} nTPM`), h("span", {class: "figure"}, number(rna))]),
    h("td", null, level === null ? missing() : [bar(level / 3, 2 * level,
      data.levels[level], unsure), h("span", {class: "figure"}, data.levels[level].toLowerCase()),
    t.cells[o] ? h("span", {class: "under"}, t.cells[o].map(w => words[w]).join("; ")) : null]),
    h("td", null, densityCell(densityOf[i].get(data.organs[o][0]))),
    h("td", null, measuredCell(t, data.organs[o][0])));
  });
  const trust = data.reliabilities[t.trust];
  const heads = [["Organ", ""], ["RNA", "consensus nTPM, logarithmic bar"], ["Protein",
    trust ? `staining; antibody ${trust.toLowerCase()}` : "staining"], ["Binding sites",
    "nmol/L, median and 90 % interval, 0.01 to 10 000"], ["From the literature",
    "ligand uptake, B_max, findings"]];
  return boxed(h("table", {id: "organs", class: "organs"}, h("caption", null,
    "Normal organs: each kind of evidence by itself"), h("thead", null, h("tr", null,
    heads.map(([name, unit]) => h("th", {scope: "col"}, name, unit ? h("span", {class: "unit"},
      unit) : null)))), h("tbody", null, body)), "Normal organs", false);
}
function tumours(t, i) {
  const stained = new Map(t.stained.map(s => [s[0], s.slice(1)]));
  const places = [...new Set([...t.indications, ...stained.keys()])]
    .filter(p => stained.has(p) || densityOf[i].has(p));
  if (!places.length) return h("p", null, "No staining and no binding sites of tumours are held.");
  places.sort((a, b) => indication(a).localeCompare(indication(b), "en"));
  const row = p => {
    const counts = stained.get(p), all = counts && counts.reduce((a, b) => a + b, 0);
    return h("tr", null, h("th", {scope: "row"}, indication(p)),
      h("td", null, counts ? [h("span", {class: "stack", role: "img", "aria-label": counts
        .map((n, k) => `${data.levels[k].toLowerCase()} ${n}`).join(", ")}, counts.map((n, k) => n
        ? h("i", {class: "q" + 2 * k, style: `width:${100 * n / all}%`}) : null)),
      h("span", {class: "figure"}, `${counts[2] + counts[3]} of ${all}`)] : missing()),
      h("td", null, densityCell(densityOf[i].get(p))));
  };
  return [legend("Patients by staining level", data.levels.map((l, k) => ["cell q" + 2 * k,
    l.toLowerCase()])), boxed(h("table", {id: "tumours", class: "organs"}, h("caption", null,
    "Tumours"), h("thead", null, h("tr", null, [["Indication", ""], ["Staining",
    "patients; number with medium or high"], ["Binding sites", "nmol/L of the lesion"]]
    .map(([name, unit]) => h("th", {scope: "col"}, name, unit ? h("span", {class: "unit"}, unit)
      : null)))), h("tbody", null, places.map(row))), "Tumours", false)];
}
function tiers(i) {
  const rows = Object.entries(data.rankings).map(([at, list]) => [at, list.find(r => r[0] === i)])
    .filter(pair => pair[1]).sort((a, b) => (a[1][1] ?? 9) - (b[1][1] ?? 9) || b[1][3] - a[1][3]);
  if (!rows.length) return h("p", null, "Not judged in any indication.");
  const body = rows.map(([at, row]) => h("tr", null, h("td", null, tierBadge(row[1])),
    h("th", {scope: "row"}, indication(at)), h("td", null, scoreLine(row[2], row[3], row[4],
      row[1] === null)), h("td", {class: "num", title: stabilityWords(row[6])}, percent(row[5])),
    row[8].map(criterionCell)));
  return boxed(h("table", {id: "tiers", class: "ranking"}, h("caption", null,
    "Tier by indication"), h("thead", null, h("tr", null, h("th", {scope: "col"}, "Tier"),
    h("th", {scope: "col"}, "Indication"), h("th", {scope: "col"},
      "Score: median and 90 % interval", scoreAxis()), h("th", {scope: "col", class: "num"},
      "Stability"), data.criteria.map(([name]) => h("th", {scope: "col", class: "turn"},
      h("span", null, name))))), h("tbody", null, body)), "Tier by indication", false);
}
function carriers(i) {
  const found = agentsOf[i].slice().sort((a, b) => agents[b].stage - agents[a].stage);
  if (!found.length) return h("p", null, "No radionuclide agent against it is in the catalogue.");
  const heads = ["Agent", "Vector", "Nuclide", "Indication", "Stage", "Status", "Source"];
  return boxed(h("table", {id: "agents-of-target"}, h("caption", null, "Radionuclide agents"),
    h("thead", null, h("tr", null, heads.map(name => h("th", {scope: "col"}, name)))),
    h("tbody", null, found.map(a => h("tr", null, agentRow(agents[a], a, 1).cells
      .map((cell, k) => h(k ? "td" : "th", k ? null : {scope: "row"}, cell)))))),
  "Radionuclide agents", false);
}
function identity(t) {
  const accessions = t.uniprot.map((u, k) => [k ? ", " : "",
    link("https://www.uniprot.org/uniprotkb/" + encodeURIComponent(u), u)]);
  const places = Object.entries(t.places).filter(([, at]) => at.join() !== t.compartments.join());
  const rows = [["Also called", t.aliases.join(", ")], ["Family", t.family],
    ["Compartment", [t.compartments.join(", "), ...places.map(([at, list]) =>
      `; ${indication(at)}: ${list.join(", ")}`)]], ["UniProt", accessions],
    ["Gene-level data", {direct: "see it directly", proxy: `a proxy: ${t.genes.join(", ")}`,
      blind: `cannot tell it apart (${t.genes.join(", ") || "no gene"})`}[t.view]],
    ["Indications", t.indications.map(indication).join(", ")],
    ["Imaging companion", t.companions.join(", ")]];
  return h("dl", {class: "facts"}, rows.filter(([, value]) => value && value.length)
    .map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}
function rivals(t) {
  const cells = [["Radionuclide", t.stage, plural(t.agents, "agent")],
    ...t.rivals.map((r, k) => [data.modalities[k][1], r[0], r[1]])];
  return h("dl", {class: "keys"}, cells.map(([name, at, who]) => h("div", null,
    h("dt", null, name), h("dd", {class: "value"}, at < 0 ? h("span", {class: "soft"},
      "none listed") : sentence(stage(at))), h("dd", {class: "detail"}, at < 0 ? "" : who))));
}
function targetPage(i) {
  const t = targets[i], page = $("target-page");
  const part = (title, ...kids) => h("section", null, h("h2", null, title), kids);
  const near = (k, text) => targets[k] ? targetLink(k, text + targets[k].name) : null;
  page.replaceChildren(
    h("p", {class: "crumbs"}, h("a", {href: "#targets", id: "back"}, "← All targets"),
      h("span", null, near(i - 1, "‹ "), near(i + 1, "› "))),
    h("h1", {tabindex: "-1"}, t.name),
    h("p", {class: "subtitle"}, [t.symbol && t.symbol !== t.name ? t.symbol : "", t.kind,
      t.compartments.join(", ")].filter(Boolean).join(" · ")),
    t.flags.length ? h("ul", {class: "flags"}, t.flags.map(f =>
      h("li", null, sentence(readable(f))))) : null,
    part("Treatments that hit it", rivals(t)), part("Identity", identity(t)),
    part("Expression and binding sites", t.genes.length && t.view !== "direct" ? h("p", null,
      `What follows is of ${t.genes.join(" and ")}: such data `, t.view === "blind"
        ? "cannot tell the target from other products of the genes."
        : "stand for the target, they are not of it.") : null,
    t.genes.length ? organs(t, i) : h("p", null,
      "Gene-level data say nothing of this target."), h("p", {class: "note"},
      "RNA and staining: Human Protein Atlas, proteinatlas.org, CC BY-SA. Binding sites: filled "
      + "dot measured, open dot modelled. Bold organs are those that the profile judges.")),
    part("In tumours", tumours(t, i)), part("Radionuclide agents", carriers(i)),
    part("Tier by indication", tiers(i)),
    part("Every finding", h("p", null, `${t.known} of ${t.claims.length} findings known, `
      + `${t.verified} read at the source that is named.`), claims(t)));
  document.title = `${t.name} · Landscape · Ligandose`;
}

const overviewTitle = document.title;
function route() {
  const match = /^#target=(.+)$/.exec(location.hash);
  let wanted;
  try { wanted = match && decodeURIComponent(match[1]); } catch { wanted = match[1]; }
  const i = wanted === null ? undefined : byId.get(wanted);
  const page = $("target-page"), was = page.hidden;
  $("overview").hidden = i !== undefined;
  page.hidden = i === undefined;
  document.body.classList.toggle("one", i !== undefined);
  if (i !== undefined) {
    targetPage(i);
    window.scrollTo(0, 0);
    page.querySelector("h1").focus({preventScroll: true});
  } else {
    document.title = overviewTitle;
    const goal = location.hash.length > 1 && $(location.hash.slice(1));
    if (!was && goal) goal.scrollIntoView();
  }
}

function choices(id, any, pairs, key) {
  const select = $(id);
  select.append(h("option", {value: ""}, any), ...pairs.map(([value, text]) =>
    h("option", {value}, text)));
  select.addEventListener("change", () => { state[key] = select.value; apply(); });
}
function tools() {
  const places = new Set(targets.flatMap(t => [...t.compartments,
    ...Object.values(t.places).flat()]));
  const same = list => [...list].sort().map(v => [v, sentence(v)]);
  choices("filter-compartment", "All", same(places), "compartment");
  choices("filter-kind", "All", same(new Set(targets.map(t => t.kind))), "kind");
  choices("filter-indication", "All", Object.entries(data.indications)
    .sort((a, b) => a[1].localeCompare(b[1], "en")), "indication");
  choices("filter-stage", "Any", [...stages.map((s, k) => [String(k), k === stages.length - 1
    ? sentence(s) : k ? `${sentence(s)} or later` : "Any agent"]).reverse(),
  ["none", "No agent"]], "stage");
  const search = $("search");
  search.addEventListener("input", () => { state.text = search.value; apply(); });
  $("tools").addEventListener("submit", event => {
    event.preventDefault();
    const open = targets.flatMap((t, i) => fits(t, i) ? [i] : []);
    const named = open.filter(i => [targets[i].name, targets[i].id, ...targets[i].aliases]
      .some(w => folded(w) === folded(state.text)));
    const one = named.length === 1 ? named : open;
    if (state.text && one.length === 1) location.hash = "target="
      + encodeURIComponent(targets[one[0]].id);
  });
  $("tools").addEventListener("reset", () => setTimeout(() => {
    Object.keys(state).forEach(key => { state[key] = ""; });
    apply();
  }));
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)
        && !$("overview").hidden) {
      event.preventDefault();
      search.focus();
    }
  });
}

tools();
targetTable();
expressionMap();
stageMatrix();
agentViews();
competitorMap();
ranking();
apply();
window.addEventListener("hashchange", route);
route();
document.documentElement.dataset.ready = "yes";
