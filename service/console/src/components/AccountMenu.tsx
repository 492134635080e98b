/** Who is signed in, how the page looks, and the way out. */
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import { useState } from "react";
import { useSession } from "../api/session";
import { Button } from "./Button";
import menu from "./Menu.module.css";
import { chooseTheme, chosenTheme, type Theme } from "./theme";

const THEMES: { id: Theme; name: string }[] = [
  { id: "system", name: "As the system" },
  { id: "light", name: "Light" },
  { id: "dark", name: "Dark" },
];

async function signOut() {
  await fetch("/signout", { method: "POST", signal: AbortSignal.timeout(10_000) });
  window.location.assign("/signin");
}

export function AccountMenu() {
  const { subject, role } = useSession();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <MenuTrigger>
      <Button look="quiet" isSmall aria-label={`Account: ${subject}, ${role}`}>
        <bdi className={menu["account"]}>{subject}</bdi> <span aria-hidden="true">▾</span>
      </Button>
      <Popover className={menu["popover"] ?? ""} placement="bottom end">
        <Menu className={menu["menu"] ?? ""}>
          <MenuSection>
            <Header className={menu["header"] ?? ""}>
              <bdi>{subject}</bdi> · {role}
            </Header>
          </MenuSection>
          <Separator className={menu["separator"] ?? ""} />
          <MenuSection
            selectionMode="single"
            selectedKeys={[theme]}
            onSelectionChange={(chosen) => {
              const [next] = chosen === "all" ? [] : [...chosen];
              if (!next) return;
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
          <MenuItem className={menu["item"] ?? ""} href="/docs" target="_blank">
            API description
          </MenuItem>
          <MenuItem className={menu["item"] ?? ""} onAction={() => void signOut()}>
            Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
