// Embeds a booking page in any page of another origin:
//
//   <a href="https://host/book/slug" data-latchkey="inline">Book a time</a>
//   <script src="https://host/book/assets/embed.js" async></script>
//
// `inline` shows the page in place of the link, `popup` in a dialog that the link opens, and `button` makes the link a
// button at the page's corner that opens the dialog. `data-close` is what the dialog's close button is called. Without
// this script, or without this origin among those of the app's widget key, all are links to the page.
import type { Message } from "./frame";

const CLOSE = "Close";
/** Before the page says how high it is. */
const HEIGHT_PX = 640;

// Only while the script runs first, it is known where it comes from.
const script = document.currentScript as HTMLScriptElement | null;
const origin = new URL(script?.src ?? location.href).origin;

if (document.readyState === "loading") addEventListener("DOMContentLoaded", embedAll);
else embedAll();

function embedAll() {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-latchkey]")) {
    const kind = link.dataset.latchkey;
    const url = new URL(link.href);
    if (url.origin !== origin || link.dataset.ready) continue;
    link.dataset.ready = "true";
    if (!url.searchParams.has("zone")) url.searchParams.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
    if (kind === "inline") {
      const frame = framed(url, link);
      frame.style.height = `${HEIGHT_PX}px`;
      listen(frame, (message) => {
        if (message.latchkey === "height") frame.style.height = `${message.height}px`;
      });
      link.replaceWith(frame);
    } else if (kind === "popup" || kind === "button") {
      if (kind === "button") corner(link);
      link.setAttribute("aria-haspopup", "dialog");
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        popUp(url, link);
      });
    }
  }
}

function framed(url: URL, link: HTMLAnchorElement) {
  const frame = document.createElement("iframe");
  frame.src = url.href;
  frame.title = link.textContent?.trim() || url.host;
  Object.assign(frame.style, { display: "block", width: "100%", border: "0", colorScheme: "auto" });
  return frame;
}

/** What the page in this frame says; what others say is not listened to. */
function listen(frame: HTMLIFrameElement, hear: (message: Message) => void) {
  const heard = (event: MessageEvent) => {
    if (event.origin === origin && event.source === frame.contentWindow && (event.data as Message)?.latchkey) hear(event.data as Message);
  };
  addEventListener("message", heard);
  return () => removeEventListener("message", heard);
}

/** The browser's own dialog keeps the focus inside, makes the rest inert and gives the focus back. */
function popUp(url: URL, link: HTMLAnchorElement) {
  const dialog = document.createElement("dialog");
  const close = document.createElement("button");
  const frame = framed(url, link);
  close.type = "button";
  close.textContent = "✕";
  close.ariaLabel = close.title = link.dataset.close ?? CLOSE;
  dialog.ariaLabel = frame.title;
  Object.assign(dialog.style, { boxSizing: "border-box", width: "min(100vw, 58rem)", maxWidth: "100vw", maxHeight: "100dvh", padding: "0", border: "0", borderRadius: "12px", overflow: "hidden" });
  Object.assign(close.style, { position: "absolute", insetBlockStart: "8px", insetInlineEnd: "8px", width: "44px", height: "44px", border: "1px solid", borderRadius: "22px", background: "Canvas", color: "CanvasText", font: "20px/1 system-ui", cursor: "pointer" });
  Object.assign(frame.style, { height: `min(${HEIGHT_PX}px, 92dvh)` });
  const deafen = listen(frame, (message) => {
    if (message.latchkey === "escape") dialog.close();
    else frame.style.height = `min(${message.height}px, 92dvh)`;
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    deafen();
    dialog.remove();
    link.focus();
  });
  dialog.append(frame, close);
  document.body.append(dialog);
  dialog.showModal();
}

function corner(link: HTMLAnchorElement) {
  Object.assign(link.style, { position: "fixed", insetBlockEnd: "24px", insetInlineEnd: "24px", zIndex: "2147483000", padding: "14px 22px", borderRadius: "28px", background: "CanvasText", color: "Canvas", font: "600 16px/1.2 system-ui", textDecoration: "none", boxShadow: "0 4px 16px rgb(0 0 0 / 30%)" });
}
