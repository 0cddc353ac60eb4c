//! Types, put together as syntax trees.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, AssocType, GenericArgument, Path, PathArguments, PathSegment,
    Token, TraitBound, TraitBoundModifiers, TypeImplTrait, TypeParamBound, TypePath,
};

use super::plan::Type;
use crate::name;

/// A field's type.
pub(super) fn of(kind: &Type, support: &Path) -> syn::Type {
    match kind {
        Type::Bool => named("bool"),
        Type::I64 => named("i64"),
        Type::U64 => named("u64"),
        Type::F64 => named("f64"),
        Type::Text => named("String"),
        Type::Media => path(inside(support, &["Media"])),
        Type::Json => path(inside(support, &["schema", "Json"])),
        Type::List(item) => generic("Vec", of(item, support)),
        Type::Choice(name) | Type::Record(name) => path(name::ident(name).into()),
    }
}

/// What an argument takes: whatever turns into the field's type without loss.
pub(super) fn argument(kind: &Type, support: &Path) -> syn::Type {
    match kind {
        // No `Into` for integers: a literal beyond `i32` would then not compile.
        Type::Bool | Type::I64 | Type::U64 | Type::Choice(_) | Type::Record(_) => of(kind, support),
        Type::F64 | Type::Text | Type::Media | Type::Json => {
            bound("Into", GenericArgument::Type(of(kind, support)))
        }
        Type::List(item) => {
            let item = match &**item {
                Type::List(_) => of(item, support),
                item => argument(item, support),
            };
            let item = AssocType {
                ident: plain("Item"),
                generics: None,
                eq_token: <Token![=]>::default(),
                ty: item,
            };
            bound("IntoIterator", GenericArgument::AssocType(item))
        }
    }
}

/// `Name<T>`
pub(super) fn generic(name: &str, of: syn::Type) -> syn::Type {
    path(with_argument(name, GenericArgument::Type(of)))
}

/// `impl Name<argument>`
fn bound(name: &str, argument: GenericArgument) -> syn::Type {
    let bound = TraitBound {
        paren_token: None,
        lifetimes: None,
        modifiers: TraitBoundModifiers::default(),
        maybe: None,
        path: with_argument(name, argument),
    };
    syn::Type::ImplTrait(TypeImplTrait {
        attrs: Vec::new(),
        impl_token: <Token![impl]>::default(),
        bounds: [TypeParamBound::Trait(bound)].into_iter().collect(),
    })
}

fn named(name: &str) -> syn::Type {
    path(plain(name).into())
}

/// The name inside of the crate that generated code leans on.
fn inside(support: &Path, names: &[&str]) -> Path {
    let mut path = support.clone();
    path.segments
        .extend(names.iter().map(|name| PathSegment::from(plain(name))));
    path
}

fn with_argument(name: &str, argument: GenericArgument) -> Path {
    let arguments = AngleBracketedGenericArguments {
        colon2_token: None,
        lt_token: <Token![<]>::default(),
        args: Punctuated::from_iter([argument]),
        gt_token: <Token![>]>::default(),
    };
    Path::from(PathSegment {
        ident: plain(name),
        arguments: PathArguments::AngleBracketed(arguments),
    })
}

fn path(path: Path) -> syn::Type {
    syn::Type::Path(TypePath {
        attrs: Vec::new(),
        qself: None,
        path,
    })
}

fn plain(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
