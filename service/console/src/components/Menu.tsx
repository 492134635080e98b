/** Menus: what a button opens to choose from. */
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuTrigger,
  type MenuItemProps,
} from "react-aria-components";
import type { ReactNode } from "react";
import { Button, type Look } from "./Button";
import { classes } from "./classes";
import styles from "./Menu.module.css";
import { Popover } from "./Popover";

export interface Action {
  name: string;
  /** Missing: the action leads to `path`. */
  onAction?: () => void;
  /** An address of the console. */
  path?: string;
  isDangerous?: boolean;
}

/** A button that opens a menu of actions. */
export function Menu({
  label,
  actions,
  look = "quiet",
  children,
}: {
  label: string;
  actions: Action[];
  look?: Look;
  children?: string;
}) {
  return (
    <MenuTrigger>
      <Button look={look} isSmall aria-label={label}>
        {children ?? <span aria-hidden="true">⋯</span>}
      </Button>
      <MenuList label={label}>
        {actions.map(({ name, onAction, path, isDangerous = false }) => (
          <MenuItem
            key={name}
            isDangerous={isDangerous}
            {...(onAction && { onAction })}
            {...(path !== undefined && { href: path })}
          >
            {name}
          </MenuItem>
        ))}
      </MenuList>
    </MenuTrigger>
  );
}

/** What a menu's button opens; it stands in the same `MenuTrigger`. */
export function MenuList({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Popover className={styles["popover"]} placement="bottom end">
      <AriaMenu className={styles["menu"] ?? ""} aria-label={label}>
        {children}
      </AriaMenu>
    </Popover>
  );
}

export function MenuItem({
  isDangerous = false,
  ...props
}: Omit<MenuItemProps, "className"> & { isDangerous?: boolean }) {
  return <AriaMenuItem {...props} className={classes(styles["item"], isDangerous && styles["dangerous"])} />;
}
