// What somebody pastes who wants to call: a key, a colon and a key, either in base64, a resource's address and token, or a
// whole header. Plain JavaScript, so that a test runs it without building it first.

/**
 * What was pasted, as it is sent.
 *
 * @typedef {object} Credential
 * @property {string} authorization the value of `Authorization`; empty for nothing
 * @property {string} took what it was taken for, in words; empty for nothing
 * @property {"basic" | "bearer" | "raw" | "none"} scheme how samples write it: with a key, or with a whole value
 */

/** @type {Credential} */
const NOTHING = { authorization: "", took: "", scheme: "none" };

/**
 * @param {string} pasted
 * @param {"basic" | "bearer"} preferred how a key is sent
 * @returns {Credential}
 */
export function credential(pasted, preferred) {
  const text = pasted.trim().replace(/^["']|["']$/g, "").replace(/^authorization\s*:\s*/i, "");
  if (!text) return NOTHING;
  const [, scheme = "", rest = ""] = /^(basic|bearer)\b:?\s*(.*)$/i.exec(text) ?? [];
  if (scheme && !rest) return NOTHING;
  if (scheme) return whole(scheme.toLowerCase(), rest);
  if (isEncoded(text)) return { authorization: `Basic ${text}`, took: "base64, sent as Basic", scheme: "raw" };
  if (text.startsWith(":")) return key(text.slice(1), preferred, "a colon and a key");
  if (text.includes(":")) return { authorization: `Basic ${encode(text)}`, took: "a resource's address and token", scheme: "raw" };
  return key(text, preferred, "a key");
}

/**
 * A header's value, put right where the two schemes were mixed up.
 *
 * @param {string} scheme
 * @param {string} rest
 * @returns {Credential}
 */
function whole(scheme, rest) {
  const took = "a whole header";
  if (isEncoded(rest)) return { authorization: `Basic ${rest}`, took, scheme: "raw" };
  const plain = rest.startsWith(":") ? rest.slice(1) : rest;
  if (scheme === "bearer") return { authorization: `Bearer ${plain}`, took, scheme: "raw" };
  return { authorization: `Basic ${encode(plain.includes(":") ? plain : `:${plain}`)}`, took, scheme: "raw" };
}

/**
 * @param {string} text
 * @param {"basic" | "bearer"} scheme
 * @param {string} took
 * @returns {Credential}
 */
const key = (text, scheme, took) => ({ authorization: scheme === "bearer" ? `Bearer ${text}` : `Basic ${encode(`:${text}`)}`, took, scheme });

/** btoa knows bytes only. @param {string} text */
const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Whether it is base64 of a pair with a colon: no key and no token of ours is. @param {string} text */
function isEncoded(text) {
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(text)) return false;
  try {
    return /^[\x20-\x7e]*:[\x21-\x7e]+$/.test(atob(text));
  } catch {
    return false;
  }
}
