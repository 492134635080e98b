/** Light or dark: as the system says, unless the user has chosen. */

export type Theme = "system" | "light" | "dark";

const KEY = "cronsole-theme";

/** Returns what the user has chosen. */
export function chosenTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** Keeps and applies a choice. */
export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

/** Applies the choice to the page; theme.css does the rest. */
export function applyTheme(): void {
  document.documentElement.dataset["theme"] = chosenTheme();
}
