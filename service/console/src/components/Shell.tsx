/** What surrounds every screen: the way to the others, who is signed in, whether the page is live. */
import { useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { NavLink, useLocation } from "react-router";
import { useLiveState } from "../api/live";
import { sessionQuery } from "../api/session";
import { AccountMenu } from "./AccountMenu";
import { classes } from "./classes";
import { ConnectionBanner } from "./ConnectionBanner";
import { PauseBanner } from "./PauseBanner";
import styles from "./Shell.module.css";

const SCREENS = [
  { to: "/", name: "Jobs" },
  { to: "/timeline", name: "Timeline" },
  { to: "/replicas", name: "Replicas" },
  { to: "/changes", name: "Changes" },
];

export function Shell({ children }: { children: ReactNode }) {
  useSuspenseQuery(sessionQuery);
  const live = useLiveState();
  useFocusOnNavigation();
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#content">
        Skip to content
      </a>
      <header className={styles["top"]}>
        <NavLink to="/" className={classes(styles["brand"])}>
          <img src="/automation/favicon.svg" alt="" width="22" height="22" />
          Cronsole
        </NavLink>
        <nav aria-label="Screens" className={styles["nav"]}>
          {SCREENS.map(({ to, name }) => (
            <NavLink key={to} to={to} end={to === "/"} className={styles["tab"] ?? ""}>
              {name}
            </NavLink>
          ))}
        </nav>
        <span className={classes(styles["live"], styles[live])} role="status">
          <span className={styles["dot"]} aria-hidden="true" />
          {live === "live" ? "Live" : live === "lost" ? "Not live" : "Connecting"}
        </span>
        <AccountMenu />
      </header>
      <ConnectionBanner />
      <PauseBanner />
      {children}
    </div>
  );
}

/** Moves the focus to the new screen, as a browser does with a new page. */
function useFocusOnNavigation() {
  const { pathname } = useLocation();
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) {
      window.scrollTo(0, 0);
      document.getElementById("content")?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [pathname]);
}
