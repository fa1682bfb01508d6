//! Which names mark a secret: a table of words, of pairs of words, and of words that only qualify.

/// A name's word longer than this is judged by its end.
const WORD_BYTES_MAX: usize = 20;

/// Whether a field, header or parameter of this name holds what nobody may read.
///
/// A name is taken apart at `.`, `_`, `-` and at the humps of camelCase, and its last word counts,
/// or its last two: `db.password`, `apiKey`, `X-Api-Key`. A word that only says in which form
/// (`password_hash`, `email_address`) is looked past. A key that a client chose for itself
/// (`idempotency_key`), an identifier (`key.id`) and a count (`token_count`) are no secrets.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let (before, last) = split_last_word(name.as_bytes());
    let last = Folded::new(last);
    if ends_secret(before, &last) {
        return true;
    }
    let (before, previous) = split_last_word(before);
    is_qualifier(last.word()) && ends_secret(before, &Folded::new(previous))
}

fn ends_secret(before: &[u8], last: &Folded) -> bool {
    if is_secret_word(last.word()) || is_secret_word(last.singular()) {
        return true;
    }
    is_second_of_pair(last.singular()) && {
        let previous = Folded::new(split_last_word(before).1);
        is_secret_pair(previous.word(), last.singular())
    }
}

fn is_secret_word(word: &[u8]) -> bool {
    let whole = matches!(
        word,
        b"pan"
            | b"cvv"
            | b"cvc"
            | b"csc"
            | b"pwd"
            | b"pin"
            | b"otp"
            | b"jwt"
            | b"ssn"
            | b"iban"
            | b"email"
            | b"phone"
            | b"bearer"
            | b"passcode"
            | b"signature"
            | b"privatekey"
            | b"secretkey"
            | b"accesskey"
            | b"signingkey"
    );
    let ends: [&[u8]; 11] = [
        b"password",
        b"passwd",
        b"passphrase",
        b"secret",
        b"token",
        b"apikey",
        b"cookie",
        b"authorization",
        b"credential",
        b"cardnumber",
        b"setcookie",
    ];
    whole || ends.iter().any(|end| word.ends_with(end))
}

/// A quick no before the word in front is looked at.
fn is_second_of_pair(word: &[u8]) -> bool {
    matches!(word, b"number" | b"key" | b"mail" | b"code" | b"auth" | b"name" | b"address")
}

fn is_secret_pair(first: &[u8], second: &[u8]) -> bool {
    match second {
        b"number" => matches!(first, b"card" | b"account"),
        b"key" => matches!(
            first,
            b"api" | b"private" | b"secret" | b"access" | b"signing" | b"encryption" | b"master"
        ),
        b"mail" => first == b"e",
        b"code" => matches!(first, b"security" | b"verification" | b"pass"),
        b"auth" => matches!(first, b"basic" | b"proxy"),
        b"name" => matches!(first, b"first" | b"last" | b"full" | b"customer" | b"recipient"),
        b"address" => matches!(first, b"shipping" | b"billing" | b"street" | b"postal" | b"home"),
        _ => false,
    }
}

fn is_qualifier(word: &[u8]) -> bool {
    matches!(
        word,
        b"value"
            | b"text"
            | b"raw"
            | b"hash"
            | b"confirmation"
            | b"confirm"
            | b"address"
            | b"header"
            | b"string"
            | b"plain"
            | b"old"
            | b"new"
    )
}

/// A word in lower case without digits at its end, on the stack.
struct Folded {
    bytes: [u8; WORD_BYTES_MAX],
    length: usize,
}

impl Folded {
    fn new(word: &[u8]) -> Self {
        let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let word = &word[..word.len() - digits];
        let word = &word[word.len().saturating_sub(WORD_BYTES_MAX)..];
        let mut bytes = [0; WORD_BYTES_MAX];
        bytes[..word.len()].copy_from_slice(word);
        bytes.make_ascii_lowercase();
        Self { bytes, length: word.len() }
    }

    fn word(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn singular(&self) -> &[u8] {
        match self.word() {
            [singular @ .., b's'] if !singular.ends_with(b"s") => singular,
            word => word,
        }
    }
}

/// The last word of a name, and what stands before it.
fn split_last_word(name: &[u8]) -> (&[u8], &[u8]) {
    let end = name.iter().rposition(|byte| is_word_byte(*byte)).map_or(0, |last| last + 1);
    let mut start = end;
    while start > 0 && is_word_byte(name[start - 1]) {
        start -= 1;
        if is_hump(name, start) {
            break;
        }
    }
    (&name[..start], &name[start..end])
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Whether a word begins at this capital: `api|Key`, `API|Key`, but not inside `APIKEY`.
fn is_hump(name: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| name.get(before));
    name[at].is_ascii_uppercase()
        && before.is_some_and(|before| {
            !before.is_ascii_uppercase() || name.get(at + 1).is_some_and(u8::is_ascii_lowercase)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        let names = "password db.password new_password userPassword PASSWORD password2 dbpassword \
            password_hash passwordConfirmation passwd pwd token access_token accessToken tokens \
            X-Auth-Token refresh-token secret client.secret clientSecret webhook_secret \
            authorization http.request.header.authorization Proxy-Authorization cookie Set-Cookie \
            set_cookie cookies cvv cvv2 cardCvc pan card.pan userPAN card_number cardNumber \
            cardnumber CARD_NUMBER api_key apiKey APIKey x-api-key apikey apiKEY private_key \
            privateKey credential credentials passphrase email customer.email e_mail eMail \
            email_address emails signature x-signature pin otp shipping_address customer_name \
            card.security_code iban jwt";
        for name in names.split_whitespace() {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_that_only_look_alike_are_left_alone() {
        let names = "idempotency_key key.id key token_count token_type trace_id sku inventory.sku \
            company span_id request_id user_id http.route email_verified password_set card_brand \
            number order.number client.address server.address network.peer.address span panel \
            japan spin shipping secretary name app.name code http.response.status_code \
            cookie_count tokenizer _ .. 02 signature_valid primary_key foreign_key author \
            authority hash";
        for name in names.split_whitespace().chain([""]) {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
