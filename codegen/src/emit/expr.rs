//! Expressions, put together as syntax trees.
//!
//! As tokens they would have to be parsed again before they can be printed, which takes longer than
//! most of the generator's work.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{
    Expr, ExprArray, ExprCall, ExprField, ExprLit, ExprMethodCall, ExprPath, ExprReference,
    ExprUnary, FieldValue, Ident, Lit, LitFloat, LitInt, LitStr, Member, Path, PathSegment, UnOp,
    token,
};

/// A name or a path: `Kind::String`.
pub(super) fn path(name: &str) -> Expr {
    path_expr(path_of(name))
}

fn path_expr(path: Path) -> Expr {
    Expr::Path(ExprPath {
        attrs: Vec::new(),
        qself: None,
        path,
    })
}

/// A name from a schema, raw where it must be.
pub(super) fn name(name: &Ident) -> Expr {
    path_expr(name.clone().into())
}

/// `base.field`
pub(super) fn field(base: &str, field: &Ident) -> Expr {
    Expr::Field(ExprField {
        attrs: Vec::new(),
        base: Box::new(path(base)),
        dot_token: token::Dot::default(),
        member: Member::Named(field.clone()),
    })
}

/// `receiver.name(arguments)`
pub(super) fn method<const N: usize>(receiver: Expr, name: &str, arguments: [Expr; N]) -> Expr {
    Expr::MethodCall(ExprMethodCall {
        attrs: Vec::new(),
        receiver: Box::new(receiver),
        dot_token: token::Dot::default(),
        method: Ident::new(name, Span::call_site()),
        turbofish: None,
        paren_token: token::Paren::default(),
        args: arguments.into_iter().collect(),
    })
}

/// `name: value` in a struct's literal, or `name` alone where the value is of that name.
pub(super) fn member(name: &Ident, value: Expr) -> FieldValue {
    let same = matches!(&value, Expr::Path(path) if path.path.is_ident(name));
    FieldValue {
        attrs: Vec::new(),
        member: Member::Named(name.clone()),
        colon_token: (!same).then(token::Colon::default),
        expr: value,
    }
}

/// A place in a list, counted from 0.
pub(super) fn place(place: usize) -> Expr {
    number(&place.to_string())
}

fn path_of(name: &str) -> Path {
    let segment = |name| PathSegment::from(Ident::new(name, Span::call_site()));
    Path {
        leading_colon: None,
        segments: name.split("::").map(segment).collect(),
    }
}

/// `name(arguments)`
pub(super) fn call(name: &str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::Call(ExprCall {
        attrs: Vec::new(),
        func: Box::new(path(name)),
        paren_token: token::Paren::default(),
        args: arguments.into_iter().collect(),
    })
}

/// `support::a::b(arguments)`
pub(super) fn call_in<const N: usize>(
    support: &Path,
    names: [&str; N],
    arguments: impl IntoIterator<Item = Expr>,
) -> Expr {
    let mut path = support.clone();
    let segments = names.map(|name| PathSegment::from(Ident::new(name, Span::call_site())));
    path.segments.extend(segments);
    Expr::Call(ExprCall {
        attrs: Vec::new(),
        func: Box::new(path_expr(path)),
        paren_token: token::Paren::default(),
        args: arguments.into_iter().collect(),
    })
}

/// `Self::Variant`
pub(super) fn of_self(variant: &Ident) -> Expr {
    let mut path = path_of("Self");
    path.segments.push(variant.clone().into());
    path_expr(path)
}

/// `&value`
pub(super) fn reference(value: Expr) -> Expr {
    Expr::Reference(ExprReference {
        attrs: Vec::new(),
        and_token: token::And::default(),
        mutability: None,
        expr: Box::new(value),
    })
}

/// `&[elements]`
pub(super) fn list(elements: impl IntoIterator<Item = Expr>) -> Expr {
    let elems: Punctuated<Expr, _> = elements.into_iter().collect();
    reference(Expr::Array(ExprArray {
        attrs: Vec::new(),
        bracket_token: token::Bracket::default(),
        elems,
    }))
}

/// A text as a literal, escaped.
pub(super) fn text(text: &str) -> Expr {
    literal(Lit::Str(LitStr::new(text, Span::call_site())))
}

/// A text as it is, between `r#"` and `"#`.
pub(super) fn raw_text(text: &str) -> Expr {
    // One more than follow any quote inside; clippy wants no more than that.
    let after_quotes = text.split('"').skip(1);
    let runs = after_quotes.map(|after| after.len() - after.trim_start_matches('#').len());
    let hashes = "#".repeat(runs.max().map_or(0, |longest| longest + 1));
    match syn::parse_str(&format!("r{hashes}\"{text}\"{hashes}")) {
        Ok(raw) => literal(Lit::Str(raw)),
        // Characters that may not stand in a raw literal.
        Err(_) => self::text(text),
    }
}

/// A number as it is written in Rust, with its digits in groups of three, as clippy asks for
/// beyond five digits.
pub(super) fn number(written: &str) -> Expr {
    if let Some(positive) = written.strip_prefix('-') {
        return Expr::Unary(ExprUnary {
            attrs: Vec::new(),
            op: UnOp::Neg(token::Minus::default()),
            expr: Box::new(number(positive)),
        });
    }
    let grouped = grouped(written);
    let is_float = grouped.contains(['.', 'e']);
    literal(if is_float {
        Lit::Float(LitFloat::new(&grouped, Span::call_site()))
    } else {
        Lit::Int(LitInt::new(&grouped, Span::call_site()))
    })
}

fn literal(lit: Lit) -> Expr {
    Expr::Lit(ExprLit {
        attrs: Vec::new(),
        lit,
    })
}

fn grouped(written: &str) -> String {
    const LONG: usize = 5;
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return written.to_owned();
    }
    let group = |text: &str, offset: usize| {
        let mut out = String::new();
        for (i, digit) in text.chars().enumerate() {
            if i > 0 && text.len() > LONG && (i + offset).is_multiple_of(3) {
                out.push('_');
            }
            out.push(digit);
        }
        out
    };
    let whole = group(whole, 3 - whole.len() % 3);
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{}", group(fraction, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        for (written, shown) in [
            ("0", "0"),
            ("12345", "12345"),
            ("123456", "123_456"),
            ("-2147483647", "-2_147_483_647"),
            ("0.33", "0.33"),
            ("1234567.1234567", "1_234_567.123_456_7"),
            ("1e300", "1e300"),
        ] {
            let expr = number(written);
            assert_eq!(quote::quote!(#expr).to_string().replace(' ', ""), shown);
        }
    }
}
