'use strict';
'require baseclass';

// Whether a field holds what it may. LuCI's data types are not imitated: our pages judge for themselves.

return baseclass.extend({
  /** Keeps the class and the events of a field as its contents are: good or not. */
  create(field, type, optional, check) {
    if (type !== 'string') throw new TypeError(`The stand-in knows no data type "${type}"`);
    const tell = (name, message) => field.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { message } }));
    const judged = (text) => {
      if (text === '' && !optional) return _('Expecting: %s').format(_('non-empty value'));
      return check ? check(text) : true;
    };
    const validate = () => {
      if (!field.closest('body, [data-field]')) return true;
      const verdict = judged(field.value ?? '');
      const isGood = verdict === true;
      field.classList.toggle('cbi-input-invalid', !isGood);
      if (isGood) field.removeAttribute('data-tooltip');
      else field.setAttribute('data-tooltip', verdict);
      tell(isGood ? 'validation-success' : 'validation-failure', verdict);
      return isGood;
    };
    return { validate };
  },
});
