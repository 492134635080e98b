/** Light or dark: as the system says, unless the user has chosen. */

export type Theme = "system" | "light" | "dark";

// public/start.js applies it before the page is painted.
const KEY = "cronsole-theme";

/** Returns what the user has chosen. */
export function chosenTheme(): Theme {
  return themeOf(document.documentElement.dataset["theme"]);
}

/** Applies a choice, and keeps it where the browser keeps anything. */
export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Then it lasts as long as the page.
  }
}

/** Lets a choice in one tab hold in all. */
export function watchTheme(): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY) document.documentElement.dataset["theme"] = themeOf(newValue ?? undefined);
  });
}

function themeOf(text: string | undefined): Theme {
  return text === "light" || text === "dark" ? text : "system";
}
