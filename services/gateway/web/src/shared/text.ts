/** Lower-cases and strips accents, đ included: "Đăng ký" is found by "dang ky". */
export function foldText(text: string): string {
  return text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");
}
