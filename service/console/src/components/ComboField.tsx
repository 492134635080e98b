/** A field that is typed into, with a list to choose from below it. */
import {
  Button as AriaButton,
  ComboBox,
  FieldError,
  Input,
  Label,
  Text,
  type ComboBoxProps,
} from "react-aria-components";
import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./ComboField.module.css";
import fields from "./fields.module.css";
import { Popover } from "./Popover";

interface ComboFieldProps<Item extends object> extends Omit<ComboBoxProps<Item>, "className" | "children"> {
  label: string;
  hint?: ReactNode;
  /** What is wrong; the field is shown as faulty. */
  error?: string | null | undefined;
  placeholder?: string;
  isCode?: boolean;
  /** What the button that opens the list says; missing: that there are suggestions. */
  opens?: string;
  /** Of the popover around the list. */
  className?: string | undefined;
  /** The list. */
  children: ReactNode;
}

export function ComboField<Item extends object>(allProps: ComboFieldProps<Item>) {
  const { label, hint, error, placeholder = "", isCode, opens, className, children, ...props } = allProps;
  return (
    <ComboBox {...props} isInvalid={Boolean(error)} className={fields["field"] ?? ""}>
      <Label className={fields["label"] ?? ""}>{label}</Label>
      <div className={styles["box"]}>
        <Input
          className={classes(fields["input"], isCode && fields["code"])}
          placeholder={placeholder}
          spellCheck="false"
        />
        <AriaButton className={styles["open"] ?? ""} {...(opens !== undefined && { "aria-label": opens })}>
          ▾
        </AriaButton>
      </div>
      {hint !== undefined && (
        <Text slot="description" className={fields["hint"] ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={fields["error"] ?? ""}>{error}</FieldError>
      <Popover className={classes(fields["popover"], className)}>{children}</Popover>
    </ComboBox>
  );
}
