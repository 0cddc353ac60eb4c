//! Structs: fields, `new`, setters, and the way into the engine.
//!
//! What there is one of in a struct is written with `quote`; what there is one of in every field is
//! put together as syntax trees, which spares the parser most of its work.

use proc_macro2::Ident;
use quote::quote;
use syn::{
    Arm, Expr, ExprMatch, FieldValue, FnArg, ImplItem, ImplItemFn, Item, ItemImpl, ItemStruct, Pat,
    PatIdent, PatType, Path, Stmt, Token, parse_quote,
};

use super::plan::{Field, Record, Type};
use super::{expr, field_doc, ty};
use crate::{doc, name};

pub(crate) fn items(record: &Record<'_>, support: &Path) -> Vec<Item> {
    let name = name::ident(&record.name);
    let default = default(record, &name);
    let structure = Item::Struct(structure(record, &name, support));
    let methods = Item::Impl(methods(record, &name, support));
    let engine = Item::Impl(engine(record, &name, support));
    // Nothing has an input for a field.
    let traits = if record.name == "Input" {
        parse_quote!(#support::__private::record!(#name);)
    } else {
        parse_quote!(#support::__private::record!(#name, nested);)
    };
    let items = [structure, methods].into_iter().chain(default);
    items.chain([engine, traits]).collect()
}

fn structure(record: &Record<'_>, name: &Ident, support: &Path) -> ItemStruct {
    let mut item: ItemStruct = parse_quote! {
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct #name {
            /// Members that the schema does not know, sent as they are; see
            /// [`with_extra`](Self::with_extra).
            pub extra: #support::schema::Extra,
        }
    };
    item.attrs
        .splice(..0, doc::attributes(std::slice::from_ref(&record.title)));
    if let syn::Fields::Named(fields) = &mut item.fields {
        let extra = std::mem::take(&mut fields.named);
        let own = record
            .fields
            .iter()
            .map(|field| structure_field(field, support));
        fields.named = own.chain(extra).collect();
    }
    item
}

fn structure_field(field: &Field<'_>, support: &Path) -> syn::Field {
    let kind = ty::of(&field.kind, support);
    syn::Field {
        attrs: doc::attributes(&field_doc::lines(field)),
        vis: syn::Visibility::Public(<Token![pub]>::default()),
        modifiers: syn::FieldModifiers::default(),
        ident: Some(field.ident.clone()),
        colon_token: Some(<Token![:]>::default()),
        ty: if field.property.required {
            kind
        } else {
            ty::generic("Option", kind)
        },
        default: None,
    }
}

fn methods(record: &Record<'_>, name: &Ident, support: &Path) -> ItemImpl {
    let mut item: ItemImpl = parse_quote! {
        impl #name {
            /// (which property)
            #[inline]
            #[must_use]
            pub fn setter(mut self, argument: ()) -> Self {
                self.setter = Some(argument);
                self
            }
        }
    };
    let new = ImplItem::Fn(new(record, support));
    if let Some(ImplItem::Fn(template)) = item.items.pop() {
        let optional = record.fields.iter().filter(|f| !f.property.required);
        let setters = optional.map(|field| ImplItem::Fn(setter(&template, field, support)));
        item.items = [new].into_iter().chain(setters).collect();
    }
    item
}

fn new(record: &Record<'_>, support: &Path) -> ImplItemFn {
    let required = || record.fields.iter().filter(|f| f.property.required);
    let doc = if required().next().is_some() {
        " With the required properties; the others are left to the service."
    } else {
        " With every property left to the service."
    };
    let mut new: ImplItemFn = parse_quote! {
        #[doc = #doc]
        #[inline]
        #[must_use]
        pub fn new() -> Self {
            Self { extra: #support::schema::Extra::new() }
        }
    };
    new.sig.inputs = required().map(|field| argument(field, support)).collect();
    let values = record.fields.iter().map(|field| {
        let value = if field.property.required {
            given(field)
        } else {
            expr::path("None")
        };
        expr::member(&field.ident, value)
    });
    fill(&mut new, values);
    new
}

/// Puts members in front of those that the function's `Self { … }` has already.
fn fill(function: &mut ImplItemFn, members: impl Iterator<Item = FieldValue>) {
    let Some(Stmt::Expr(value, None)) = function.block.stmts.first_mut() else {
        return;
    };
    if let Expr::Struct(literal) = value {
        let last = std::mem::take(&mut literal.fields);
        literal.fields = members.chain(last).collect();
    }
}

fn default(record: &Record<'_>, name: &Ident) -> Option<Item> {
    record.fields.iter().all(|f| !f.property.required).then(|| {
        parse_quote! {
            impl Default for #name {
                #[inline]
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    })
}

fn setter(template: &ImplItemFn, field: &Field<'_>, support: &Path) -> ImplItemFn {
    let mut setter = template.clone();
    let doc = format!("Sets {}.", doc::code(&field.property.name));
    setter.attrs.splice(..1, doc::attributes(&[doc]));
    setter.sig.ident = field.ident.clone();
    setter.sig.inputs[1] = argument(field, support);
    if let Some(Stmt::Expr(Expr::Assign(assign), _)) = setter.block.stmts.first_mut() {
        *assign.left = expr::field("self", &field.ident);
        *assign.right = expr::call("Some", [given(field)]);
    }
    setter
}

fn argument(field: &Field<'_>, support: &Path) -> FnArg {
    FnArg::Typed(PatType {
        attrs: Vec::new(),
        pat: Box::new(Pat::Ident(PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            mutability: None,
            ident: field.ident.clone(),
            subpat: None,
        })),
        colon_token: <Token![:]>::default(),
        ty: Box::new(ty::argument(&field.kind, support)),
    })
}

/// The argument as the field's type.
fn given(field: &Field<'_>) -> Expr {
    let into = |kind: &Type| matches!(kind, Type::F64 | Type::Text | Type::Media | Type::Json);
    let argument = expr::name(&field.ident);
    let each = |list| expr::method(list, "into_iter", []);
    match &field.kind {
        Type::List(item) if into(item) => {
            let items = expr::method(each(argument), "map", [expr::path("Into::into")]);
            expr::method(items, "collect", [])
        }
        Type::List(_) => expr::method(each(argument), "collect", []),
        kind if into(kind) => expr::method(argument, "into", []),
        _ => argument,
    }
}

/// The engine's view of the struct: each field by its place, in both directions.
fn engine(record: &Record<'_>, name: &Ident, support: &Path) -> ItemImpl {
    let schema = if record.name == "Input" {
        quote!(&SCHEMA.input)
    } else {
        let places = expr::list(record.places.iter().copied().map(expr::place));
        quote!(#support::__private::nested_schema(&SCHEMA.input, #places))
    };
    let view = if record.fields.is_empty() {
        no_view(support)
    } else {
        view(record, support)
    };
    let mut engine: ItemImpl = parse_quote! {
        impl #support::__private::Record for #name {
            #[inline]
            fn schema() -> &'static #support::schema::Schema {
                #schema
            }
            #[inline]
            fn properties(&self) -> &'static [#support::schema::Property] {
                <Self as #support::__private::Record>::schema().properties().unwrap_or_default()
            }
            #[inline]
            fn extra(&self) -> &#support::schema::Extra {
                &self.extra
            }
            #[inline]
            fn read(reader: &mut #support::__private::Reader) -> Self {
                Self { extra: reader.rest() }
            }
        }
    };
    let values = record.fields.iter().enumerate().map(|(place, field)| {
        let taken = expr::method(expr::path("reader"), "take", [expr::place(place)]);
        expr::member(&field.ident, taken)
    });
    if let Some(ImplItem::Fn(read)) = engine.items.last_mut() {
        fill(read, values);
    }
    engine.items.insert(2, ImplItem::Fn(view));
    engine
}

fn no_view(support: &Path) -> ImplItemFn {
    parse_quote! {
        #[inline]
        fn field(&self, _: usize) -> Option<#support::schema::View<'_>> {
            None
        }
    }
}

fn view(record: &Record<'_>, support: &Path) -> ImplItemFn {
    let mut view: ImplItemFn = parse_quote! {
        #[inline]
        fn field(&self, index: usize) -> Option<#support::schema::View<'_>> {
            match index {
                0 => #support::__private::Field::view(&self.field),
                _ => None,
            }
        }
    };
    if let Some(Stmt::Expr(Expr::Match(choice), _)) = view.block.stmts.first_mut() {
        view_arms(choice, record);
    }
    view
}

/// One arm for each field, made from the first one.
fn view_arms(choice: &mut ExprMatch, record: &Record<'_>) {
    let template = choice.arms.remove(0);
    let arm = |(place, field): (usize, &Field<'_>)| {
        let mut arm: Arm = template.clone();
        if let Expr::Lit(number) = expr::place(place) {
            arm.pat = Pat::Lit(number);
        }
        if let Expr::Call(call) = &mut *arm.body {
            call.args[0] = expr::reference(expr::field("self", &field.ident));
        }
        arm
    };
    let arms: Vec<Arm> = record.fields.iter().enumerate().map(arm).collect();
    choice.arms.splice(..0, arms);
}
