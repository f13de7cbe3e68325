// Confirmations, one press per form, progress without reloading, and what a keyboard and a screen reader need.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".material-symbols-outlined").forEach((icon) => icon.setAttribute("aria-hidden", "true"));
  (document.getElementById("main") || document.getElementById("page")).setAttribute("role", "main");
  // The symbol leads where the name beside it leads.
  document.querySelectorAll("a[href]:has(> .material-symbols-outlined:only-child)").forEach((link) => {
    const bare = link.textContent.trim() === link.firstElementChild.textContent.trim();
    if (bare && !link.hasAttribute("aria-label") && !link.title) {
      link.setAttribute("aria-hidden", "true");
      link.setAttribute("tabindex", "-1");
    }
  });
  document.querySelectorAll("[x-on\\:click]:not(a[href], button, input, label, form, nav, ul)").forEach(makePressable);
  document.querySelectorAll("input[data-select]").forEach((field) => field.addEventListener("focus", () => field.select()));
  document.querySelectorAll("[data-progress]").forEach(follow);
  document.querySelectorAll("select[data-ticks]").forEach(ticks);
  document.querySelectorAll("button[data-live]").forEach(refresh);
});

// Simplebar names every scrolling area "scrollable content", in English and all alike.
window.addEventListener("load", () => {
  document.querySelectorAll(".simplebar-content-wrapper").forEach((area) => {
    area.removeAttribute("role");
    area.removeAttribute("aria-label");
  });
});

// A chooser that searches is called by its label and by what is chosen; while nothing is, it would have no name.
function nameChoosers() {
  document.querySelectorAll("select.select2-hidden-accessible").forEach((field) => {
    const box = field.nextElementSibling && field.nextElementSibling.querySelector("[role=combobox]");
    const chosen = box && box.querySelector("[role=textbox]");
    if (!chosen) return;
    const name = field.labels[0] || field;
    name.id = name.id || `${field.id}-label`;
    box.setAttribute("aria-labelledby", `${name.id} ${chosen.id}`);
    chosen.setAttribute("aria-labelledby", name.id);
  });
}
// They are made when jQuery is ready, which may be after the page has loaded.
window.addEventListener("load", () => window.django && window.django.jQuery && window.django.jQuery(nameChoosers));
document.addEventListener("formset:added", () => setTimeout(nameChoosers));

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (form.hasAttribute("data-once")) {
    form.querySelectorAll("button[type=submit]").forEach((button) => setTimeout(() => (button.disabled = true)));
  }
});

// The browser shows a page from its memory with the buttons it left disabled.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once] button[disabled]").forEach((button) => (button.disabled = false));
});

function makePressable(element) {
  if (element.id === "changelist-filter-close") return;
  element.setAttribute("role", "button");
  element.setAttribute("tabindex", "0");
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      element.click();
    }
  });
}

// Asks once a second, slower while the server does not answer; loads the page again once, when the step is over.
function follow(section) {
  const bar = section.querySelector("progress");
  const text = section.querySelector("[data-progress-text]");
  let pause = 1000;
  const ask = async () => {
    try {
      const response = await fetch(section.dataset.progress, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const now = await response.json();
      pause = 1000;
      if (!now.working) {
        window.location.reload();
        return;
      }
      if (now.percent > 0) bar.value = now.percent;
      if (text.textContent !== now.text) text.textContent = now.text;
    } catch {
      pause = Math.min(pause * 2, 15000);
    }
    setTimeout(ask, pause);
  };
  setTimeout(ask, pause);
}

// The line above boxes to tick says what is ticked, also in rows that were added.
document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-choices]");
  if (!list) return;
  const chosen = [...list.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent.trim());
  list.querySelector("summary").textContent = chosen.join(", ") || list.dataset.choices;
});

// A chooser whose choice ticks a set of boxes, those of the field that it names.
function ticks(chooser) {
  const sets = JSON.parse(chooser.dataset.sets);
  chooser.addEventListener("change", () => {
    if (!(chooser.value in sets)) return;
    document.querySelectorAll(`input[type=checkbox][name="${chooser.dataset.ticks}"]`).forEach((box) => {
      box.checked = sets[chooser.value].includes(box.value);
    });
  });
}

// Puts fresh figures into the parts of the page every 45 seconds, until the button says no. A part that holds the focus is
// left alone; tables that are open stay open. Nothing is asked while the page is out of sight, or when nobody has touched it
// for ten minutes: whoever has left is logged out as always.
function refresh(button) {
  const text = button.querySelector("[data-live-text]");
  const every = Number(button.dataset.every || 45000);
  let touched = Date.now();
  let pressed = window.sessionStorage.getItem("live") === "off";
  const show = () => {
    button.setAttribute("aria-pressed", String(pressed));
    text.textContent = pressed ? text.dataset.off : text.dataset.on;
  };
  ["pointermove", "keydown", "scroll", "pointerdown"].forEach((kind) =>
    document.addEventListener(kind, () => (touched = Date.now()), { passive: true, capture: true }),
  );
  button.addEventListener("click", () => {
    pressed = !pressed;
    window.sessionStorage.setItem("live", pressed ? "off" : "on");
    show();
  });
  const ask = async () => {
    if (pressed || document.hidden || Date.now() - touched > 600000) return;
    try {
      const response = await fetch(button.dataset.live, { headers: { Accept: "text/html" } });
      if (!response.ok || response.redirected) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      document.querySelectorAll("[data-part]").forEach((part) => {
        const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
        if (!next || part.contains(document.activeElement)) return;
        part.querySelectorAll("details[open]").forEach((open) => {
          const same = next.querySelector(`#${CSS.escape(open.id)}`);
          if (same) same.open = true;
        });
        if (part.innerHTML !== next.innerHTML) part.replaceChildren(...next.childNodes);
      });
    } catch {
      // The figures stay as they are, with the time they are of; the next round asks again.
    }
  };
  button.hidden = false;
  show();
  setInterval(ask, every);
}
