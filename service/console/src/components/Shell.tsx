/** What surrounds every screen: the way to the others, who is signed in, whether the page is live. */
import { useSuspenseQuery } from "@tanstack/react-query";
import { use, useEffect, useRef, type ReactNode } from "react";
import { NavLink, NavigationType, useLocation, useNavigationType } from "react-router";
import { streamHasBegun } from "../api/live";
import { sessionQuery } from "../api/session";
import { screens } from "../screens";
import { AccountMenu } from "./AccountMenu";
import { classes } from "./classes";
import { ConnectionBanner } from "./ConnectionBanner";
import { LiveState } from "./LiveState";
import { NewerBanner } from "./NewerBanner";
import { PauseBanner } from "./PauseBanner";
import styles from "./Shell.module.css";

const SCREENS = [
  { to: "/", name: "Jobs" },
  { to: "/timeline", name: "Timeline", load: screens.timeline },
  { to: "/replicas", name: "Replicas", load: screens.replicas },
  { to: "/changes", name: "Changes", load: screens.changes },
];

export function Shell({ children }: { children: ReactNode }) {
  useSuspenseQuery(sessionQuery);
  use(streamHasBegun);
  useFocusOnNavigation();
  return (
    <div className={styles["shell"]}>
      <a
        className={styles["skip"]}
        href="#content"
        onClick={(event) => {
          event.preventDefault(); // it would stand in the address
          document.getElementById("content")?.focus();
        }}
      >
        Skip to content
      </a>
      <header className={styles["top"]}>
        <NavLink to="/" className={classes(styles["brand"])}>
          <img src="/automation/favicon.svg" alt="" width="22" height="22" />
          Cronsole
        </NavLink>
        <nav aria-label="Screens" className={styles["nav"]}>
          {SCREENS.map(({ to, name, load }) => (
            <NavLink
              key={to}
              to={to}
              end={to === "/"}
              className={styles["tab"] ?? ""}
              onPointerEnter={() => loadEarly(load)}
              onFocus={() => loadEarly(load)}
            >
              {name}
            </NavLink>
          ))}
        </nav>
        <LiveState />
        <AccountMenu />
      </header>
      <ConnectionBanner />
      <NewerBanner />
      <PauseBanner />
      {children}
    </div>
  );
}

/** Loads a screen before somebody goes there; where that fails, going there says so. */
function loadEarly(load: (() => Promise<unknown>) | undefined): void {
  load?.().catch(() => undefined);
}

/** Moves the focus to the new screen, as a browser does with a new page. */
function useFocusOnNavigation() {
  const { pathname } = useLocation();
  const kind = useNavigationType();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    document.getElementById("content")?.focus({ preventScroll: true });
    // Back and forward lead to where one was; that the browser sees to itself.
    if (kind !== NavigationType.Pop) window.scrollTo(0, 0);
  }, [pathname, kind]);
}
