// What the booking page and the script that embeds it tell each other.

/** From the page in the frame: how high it is, or that Escape was pressed in it. */
export type Message = { latchkey: "height"; height: number } | { latchkey: "escape" };

/** Tells the page around this one, if there is one. None of it is secret: it says nothing of who books. */
export function tellParent() {
  if (parent === window) return;
  document.documentElement.classList.add("embedded");
  const tell = (message: Message) => parent.postMessage(message, "*");
  new ResizeObserver(() => tell({ latchkey: "height", height: Math.ceil(document.body.getBoundingClientRect().height) + 1 })).observe(document.body);
  addEventListener("keydown", ({ key, defaultPrevented }) => {
    if (key === "Escape" && !defaultPrevented) tell({ latchkey: "escape" });
  });
}
