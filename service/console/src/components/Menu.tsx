/** A button that opens a menu of actions. */
import { Menu as AriaMenu, MenuItem as AriaMenuItem, MenuTrigger, Popover } from "react-aria-components";
import { Button, type Look } from "./Button";
import { classes } from "./classes";
import styles from "./Menu.module.css";

export interface Action {
  name: string;
  /** Missing: the action leads to `path`. */
  onAction?: () => void;
  /** An address of the console, or of another page of the service with `isOutside`. */
  path?: string;
  isDangerous?: boolean;
}

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
      <Popover className={styles["popover"] ?? ""} placement="bottom end">
        <AriaMenu className={styles["menu"] ?? ""} aria-label={label}>
          {actions.map(({ name, onAction, path, isDangerous }) => (
            <AriaMenuItem
              key={name}
              className={classes(styles["item"], isDangerous && styles["dangerous"])}
              {...(onAction && { onAction })}
              {...(path !== undefined && { href: path })}
            >
              {name}
            </AriaMenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
