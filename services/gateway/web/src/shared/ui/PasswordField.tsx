import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { useText } from "@/messages";

/** A password input whose eye has a name and can be reached by keyboard. */
export function PasswordField(props: PasswordInputProps & { ref?: React.Ref<HTMLInputElement> }) {
  const t = useText();
  return <PasswordInput visibilityToggleButtonProps={{ "aria-label": t("common.show_password"), tabIndex: 0 }} {...props} />;
}
