/** Form fields: each with its label, a hint, and what is wrong with it. */
import {
  Button as AriaButton,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  SearchField as AriaSearchField,
  Select as AriaSelect,
  SelectValue,
  SwitchButton,
  SwitchField,
  Text,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type SwitchFieldProps,
  type TextFieldProps as AriaTextFieldProps,
} from "react-aria-components";
import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./fields.module.css";
import { Popover } from "./Popover";

interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children"> {
  label: string;
  hint?: ReactNode;
  /** What is wrong; the field is shown as faulty. */
  error?: string | null | undefined;
  placeholder?: string;
  isCode?: boolean;
  /** More than one: a field of so many lines. */
  rows?: number;
}

export function TextField({ label, hint, error, placeholder, isCode, rows = 1, ...props }: TextFieldProps) {
  const looks = classes(styles["input"], isCode && styles["code"]);
  return (
    <AriaTextField {...props} isInvalid={Boolean(error)} className={styles["field"] ?? ""}>
      <Label className={styles["label"] ?? ""}>{label}</Label>
      {rows > 1 ? (
        <AriaTextArea rows={rows} className={looks} placeholder={placeholder ?? ""} />
      ) : (
        <Input className={looks} placeholder={placeholder ?? ""} />
      )}
      {hint !== undefined && (
        <Text slot="description" className={styles["hint"] ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={styles["error"] ?? ""}>{error}</FieldError>
    </AriaTextField>
  );
}

export function SearchField({
  label,
  value,
  onChange,
  onSubmit,
  placeholder,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Told of the Enter key. */
  onSubmit?: () => void;
  placeholder?: string;
}) {
  return (
    <AriaSearchField
      aria-label={label}
      value={value}
      onChange={onChange}
      {...(onSubmit && { onSubmit })}
      className={styles["search"] ?? ""}
    >
      <Input className={styles["input"] ?? ""} placeholder={placeholder ?? label} />
      <AriaButton className={styles["clear"] ?? ""} aria-label="Clear">
        ✕
      </AriaButton>
    </AriaSearchField>
  );
}

export interface Choice<Id extends string> {
  id: Id;
  name: string;
}

export function Select<Id extends string>({
  label,
  value,
  choices,
  onChange,
  isLabelHidden = false,
  isDisabled = false,
}: {
  label: string;
  value: Id;
  choices: readonly Choice<Id>[];
  onChange: (id: Id) => void;
  isLabelHidden?: boolean;
  isDisabled?: boolean;
}) {
  return (
    <AriaSelect
      className={styles["field"] ?? ""}
      value={value}
      onChange={(id) => onChange(id as Id)}
      isDisabled={isDisabled}
      {...(isLabelHidden && { "aria-label": label })}
    >
      {!isLabelHidden && <Label className={styles["label"] ?? ""}>{label}</Label>}
      <AriaButton className={classes(styles["input"], styles["select"])}>
        <SelectValue />
        <span aria-hidden="true">▾</span>
      </AriaButton>
      <Popover className={styles["popover"]}>
        <ListBox className={styles["options"] ?? ""} items={choices}>
          {({ id, name }) => (
            <ListBoxItem id={id} textValue={name} className={styles["option"] ?? ""}>
              <bdi>{name}</bdi>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

/** A switch; without `children` give it an `aria-label`. */
export function Switch({
  children,
  ...props
}: Omit<SwitchFieldProps, "className" | "children"> & { children?: ReactNode }) {
  return (
    <SwitchField {...props}>
      <SwitchButton className={styles["switch"] ?? ""}>
        <span className={styles["track"]} aria-hidden="true" />
        {children}
      </SwitchButton>
    </SwitchField>
  );
}
