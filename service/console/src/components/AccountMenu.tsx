/** Who is signed in, how the page looks, and the way out. */
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import { useState } from "react";
import { signOut, useSession } from "../api/session";
import type { Role } from "../api/types";
import { wordsOf } from "../api/words";
import styles from "./AccountMenu.module.css";
import { Button } from "./Button";
import { outside } from "./Link";
import menu from "./Menu.module.css";
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
      <Popover className={menu["popover"] ?? ""} placement="bottom end">
        <Menu className={menu["menu"] ?? ""} aria-label="Account">
          <MenuSection>
            <Header className={styles["who"] ?? ""}>
              <bdi className={styles["name"]}>{subject}</bdi>
              <span>
                <strong>{role}</strong>: {MAY[role]}
              </span>
              <span>Cronsole {version}</span>
            </Header>
          </MenuSection>
          <Separator className={menu["separator"] ?? ""} />
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
            <Header className={menu["header"] ?? ""}>Colours</Header>
            {THEMES.map(({ id, name }) => (
              <MenuItem key={id} id={id} className={menu["item"] ?? ""}>
                {name}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className={menu["separator"] ?? ""} />
          <MenuItem className={menu["item"] ?? ""} href={outside("/docs")} target="_blank">
            Description of the API
          </MenuItem>
          <MenuItem className={menu["item"] ?? ""} onAction={leave}>
            Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
