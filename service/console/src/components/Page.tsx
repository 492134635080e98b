/** The frame of a screen: its title, also of the window, its actions, its content. */
import { useEffect, type ReactNode } from "react";
import styles from "./Page.module.css";

interface PageProps {
  /** Plain text, for the window. */
  title: string;
  /** What the heading shows, where that is more than the title. */
  heading?: ReactNode;
  /** A line under the heading. */
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, heading, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Cronsole`;
  }, [title]);
  return (
    <main className={styles["page"]} id="content" tabIndex={-1}>
      <header className={styles["head"]}>
        <div className={styles["titles"]}>
          <h1>{heading ?? title}</h1>
          {about !== undefined && <div className={styles["about"]}>{about}</div>}
        </div>
        {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
      </header>
      {children}
    </main>
  );
}

/** A part of a screen on a surface of its own. */
export function Card({
  title,
  actions,
  children,
}: {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles["card"]} aria-label={title}>
      {(title !== undefined || actions !== undefined) && (
        <header className={styles["cardHead"]}>
          {title !== undefined && <h2>{title}</h2>}
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}
