/** What the error codes of MS-CHAP mean, in the user's words (RFC 2433 §8, RFC 2759 §6). */
export const MS_CHAP_ERROR: Readonly<Record<number, string>> = {
  646: 'the account may not log in at this hour',        // ERROR_RESTRICTED_LOGON_HOURS
  647: 'the account is disabled',                        // ERROR_ACCT_DISABLED
  648: 'the password has expired and must be changed',   // ERROR_PASSWD_EXPIRED
  649: 'the account has no permission to dial in',       // ERROR_NO_DIALIN_PERMISSION
  691: 'the user name is unknown or the password wrong', // ERROR_AUTHENTICATION_FAILURE
  709: 'the password could not be changed',              // ERROR_CHANGING_PASSWORD
};
