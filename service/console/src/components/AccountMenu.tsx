/** Who is signed in, how the page looks, and the way out. */
import { Header, MenuSection, MenuTrigger, Separator } from "react-aria-components";
import { useState } from "react";
import { signOut, useSession } from "../api/session";
import type { Role } from "../api/types";
import { wordsOf } from "../api/words";
import styles from "./AccountMenu.module.css";
import { Button } from "./Button";
import { outside } from "./Link";
import { MenuItem, MenuList } from "./Menu";
import { chooseTheme, chosenTheme, type Theme } from "./theme";
import { notify } from "./toast_queue";

const THEMES: { id: Theme; name: string }[] = [
  { id: "system", name: "As the system" },
  { id: "light", name: "Light" },
  { id: "dark", name: "Dark" },
];

const MAY: Record<Role, string> = {
  viewer: "sees everything, changes nothing",
  operator: "runs, pauses, enables and reschedules jobs",
  admin: "also creates, edits and deletes jobs",
};

function leave() {
  signOut().catch((fault: unknown) =>
    notify({ tone: "failed", title: "Could not sign out", text: wordsOf(fault) }),
  );
}

export function AccountMenu() {
  const { subject, role, version } = useSession();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <MenuTrigger>
      <Button look="quiet" isSmall className={styles["button"] ?? ""}>
        <span className="visually-hidden">Account:</span>
        <bdi className={styles["subject"]}>{subject}</bdi>
        <span className={styles["role"]}>{role}</span>
        <span className={styles["arrow"]} aria-hidden="true">
          ▾
        </span>
      </Button>
      <MenuList label="Account">
        <MenuSection>
          <Header className={styles["who"] ?? ""}>
            <bdi className={styles["name"]}>{subject}</bdi>
            <span>
              <strong>{role}</strong>: {MAY[role]}
            </span>
            <span>Cronsole {version}</span>
          </Header>
        </MenuSection>
        <Separator className={styles["separator"] ?? ""} />
        <MenuSection
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[theme]}
          onSelectionChange={(chosen) => {
            const [next] = chosen === "all" ? [] : [...chosen];
            if (next === undefined) return;
            chooseTheme(next as Theme);
            setTheme(next as Theme);
          }}
        >
          <Header className={styles["header"] ?? ""}>Colours</Header>
          {THEMES.map(({ id, name }) => (
            <MenuItem key={id} id={id}>
              {name}
            </MenuItem>
          ))}
        </MenuSection>
        <Separator className={styles["separator"] ?? ""} />
        <MenuItem href={outside("/docs")} target="_blank">
          Description of the API
        </MenuItem>
        <MenuItem onAction={leave}>Sign out</MenuItem>
      </MenuList>
    </MenuTrigger>
  );
}
