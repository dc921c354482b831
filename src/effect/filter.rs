//! Programs that let part of a listing of variables through: `env | grep '^PATH='`, `env | cut -d= -f1`.

use super::command::Sorted;
use super::text::Text;
use super::walker::Walker;
use super::Action;
use crate::label::Label;

impl Walker<'_> {
    /// What a filter prints: nothing secret when it lets only names, or variables of the list `harmless-variables`, through.
    pub(super) fn filtered(&mut self, sorted: &Sorted<'_>, mods: &[String], input: &Text) -> Text {
        let listing = input.labels.may_have(Label::Secret) && !input.labels.has(Label::Secret);
        let has = |name: &str| mods.iter().any(|m| m == name);
        let names_only = has("first-field") && has("at-equals");
        if !listing || !(has("quiet") || (!has("around") && (names_only || self.lets_harmless_through(sorted)))) {
            return Text::unknown().labelled(input.labels);
        }
        // The listing that flows in is the last one that was made; what was done with it since would stand behind it.
        let last = self.plan.effects.iter_mut().rev().find(|e| e.action != Action::Execute);
        if let Some(dump) = last.filter(|e| e.action == Action::Operate("env.dump".into())) {
            dump.with.add("filtered");
        }
        Text::unknown().labelled(input.labels.without(Label::Secret))
    }

    /// Every alternative of the pattern is the beginning of a harmless variable's name, or the whole of it.
    fn lets_harmless_through(&self, sorted: &Sorted<'_>) -> bool {
        let patterns: Vec<&Text> = sorted.claims.iter().filter(|c| c.kind == "text" && (c.operand.is_some() || c.modifiers.iter().any(|m| m == "pattern"))).map(|c| &c.value).collect();
        !patterns.is_empty()
            && patterns.iter().all(|pattern| {
                let Some(known) = pattern.as_known() else { return false };
                known.replace("\\|", "|").split('|').all(|one| {
                    let name = one.trim_matches(['^', '(', ')', '\\', '$', '=', '*', '.', '"']);
                    !name.is_empty() && self.listed("harmless-variables", &Text::known(name.to_ascii_uppercase()))
                })
            })
    }
}
