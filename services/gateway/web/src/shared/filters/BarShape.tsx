import css from "./filters.module.css";

/** The bar's room while it or its dataset loads, so that nothing jumps. */
export function BarShape() {
  return (
    <div className={css.host}>
      <div className={`sideways ${css.bar}`} />
    </div>
  );
}
