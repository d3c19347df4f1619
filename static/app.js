// Makes pages quicker to use. Everything works without it.

const live = document.getElementById("live");
let opener = null;

/** Shows a slide-out that a page brought along as a modal panel, so that focus stays inside. */
function show(dialog) {
  dialog.removeAttribute("open");
  dialog.showModal();
  mark(dialog, [...dialog.querySelectorAll("input[name=passenger]:not(:disabled)")]);
  const problems = dialog.querySelector("[role=alert]");
  (problems ?? dialog.querySelector("h2")).focus();
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(dialog); });
}

/** Closes a slide-out: back to where it was opened, or to the booking. */
function close(dialog) {
  if (!opener) { location.assign(dialog.dataset.close); return; }
  dialog.close();
  dialog.remove();
  history.back();
  opener.focus();
  opener = null;
}

/** Fetches a page and takes its slide-out over; without one the page itself is opened. */
async function open(address, options) {
  const response = await fetch(address, { ...options, headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const dialog = page.querySelector("dialog.slide");
  if (!dialog) { location.assign(response.url); return; }
  const shown = document.querySelector("dialog.slide");
  if (!shown || location.href !== response.url) history[shown ? "replaceState" : "pushState"]({}, "", response.url);
  shown?.remove();
  document.body.append(document.adoptNode(dialog));
  show(dialog);
  live.textContent = dialog.querySelector("h2").textContent;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const dialog = link?.closest("dialog.slide");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (dialog && link.classList.contains("close")) {
    event.preventDefault();
    close(dialog);
  } else if (link.hasAttribute("data-panel")) {
    event.preventDefault();
    opener ??= dialog ? null : link;
    open(link.href).catch(() => location.assign(link.href));
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  // A second press while the first is on its way changes nothing on the server; here it only looks calm.
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const inPanel = form.closest("dialog.slide") && !form.hasAttribute("data-once");
  if (!inPanel) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  open(form.action, { method: "POST", body }).catch(() => form.submit());
});

document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-select-all]");
  const panel = event.target.closest("dialog.slide");
  if (!panel) return;
  const boxes = [...panel.querySelectorAll("input[name=passenger]:not(:disabled)")];
  if (all) boxes.forEach((box) => { box.checked = event.target.checked; });
  mark(panel, boxes);
});

/** Keeps "select all" true to what is selected. */
function mark(panel, boxes) {
  const all = panel.querySelector("[data-select-all] input");
  if (!all) return;
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

addEventListener("popstate", () => location.reload());
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select") || event.isComposing;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
});

/** Posts a form of the page in the background. */
function post(form, address) {
  return fetch(address ?? form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
}

// What is on the screen has been read.
document.querySelectorAll("form[data-read]").forEach((form) => {
  post(form).then(() => form.remove(), () => {});
});

// While somebody writes an answer, colleagues see it; told again every 45 seconds of writing.
document.querySelectorAll("form[data-presence]").forEach((form) => {
  let told = -Infinity;
  form.addEventListener("input", () => {
    if (performance.now() - told < 45000) return;
    told = performance.now();
    const csrf = form.querySelector("input[name=csrf]").value;
    fetch(form.dataset.presence, { method: "POST", body: new URLSearchParams({ csrf }) }).catch(() => {});
  });
});

// While a server works on a batch, its page is looked at again: where it stands is shown without a reload.
async function follow(progress) {
  while (progress?.hasAttribute("data-progress")) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) continue;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
    if (!fresh) return;
    const next = document.adoptNode(fresh);
    progress.replaceWith(next);
    progress = next;
    live.textContent = progress.querySelector("[role=status] p, .note")?.textContent ?? "";
  }
}
follow(document.getElementById("progress"));

// A field that is checked as it is left: the page of its answer is fetched, and what it found is shown below.
document.querySelectorAll("form[data-check]").forEach((form) => {
  form.addEventListener("change", async () => {
    const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
    const found = page.getElementById("found");
    if (!found) return;
    document.getElementById("found").replaceWith(document.adoptNode(found));
    const field = form.querySelector(".field");
    const problem = page.querySelector("form[data-check] .wrong");
    field.querySelector(".wrong")?.remove();
    field.querySelector("input").toggleAttribute("aria-invalid", Boolean(problem));
    if (problem) field.append(document.adoptNode(problem));
    live.textContent = problem?.textContent ?? document.querySelector("#found .strip b")?.textContent ?? "";
  });
});

// A command line: up and down go through what was typed before, a click takes a command over.
document.querySelectorAll("input[data-history]").forEach((input) => {
  const typed = [...document.querySelectorAll(`${input.dataset.history} [data-take]`)].map((button) => button.dataset.take);
  const past = typed.filter((text, place) => text !== typed[place - 1]);
  let [at, draft] = [-1, ""];
  input.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || event.isComposing) return;
    event.preventDefault();
    if (at === -1) draft = input.value;
    at = Math.max(-1, Math.min(at + step, past.length - 1));
    input.value = at === -1 ? draft : past[at];
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    if (!button) return;
    input.value = button.dataset.take;
    input.focus();
  });
});

const panel = document.querySelector("dialog.slide[open]");
if (panel) show(panel);
document.getElementById("problems")?.focus();
