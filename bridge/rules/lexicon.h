/// The English vocabulary of the rules: words that request the same action, and words without a meaning of their own.
/// All words are folded; actions are stemmed like the words they are compared with. Pure functions over constant
/// tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strawberry::bridge::rules {

/// Returns the actions of a word. Each is named by one word: `play`, `on`, `off`, `get`, …. A word may have several.
std::vector<std::string_view> actions_of(std::string_view word);
/// True when `said` requests what a function with the verb `head` does.
bool asks_for(std::string_view said, std::string_view head);
/// Returns one word for all synonyms: lamp and bulb are light, blind and shutter are curtain, …
std::string_view canonical(std::string_view stem);
/// True for a thing or fact in canonical() or the tables of nouns.
bool is_known_thing(std::string_view stem);
/// Returns the noun that a word implies: volume for louder, brightness for dim, temperature for warm; or nothing.
std::string_view noun_implied_by(std::string_view word);
/// True for `a bit`, `slightly`, …, which modify a comparative.
bool is_degree_word(std::string_view word);
/// True for heating, radiator, thermostat, which imply a temperature.
bool is_heating(std::string_view stem);
/// True for half, full, minimum, …: a share of a range.
bool is_share_word(std::string_view word);
/// True for song, track, music, …, which are interchangeable.
bool is_media_noun(std::string_view stem);
/// True for `turn`, `switch`, …: verbs that have a meaning only with on, off, up or down.
bool is_particle_verb(std::string_view word);
/// True for on, off, up, down.
bool is_particle(std::string_view word);
/// True for words that begin a question: what, how, is, …
bool is_question(std::string_view word);
/// True for a, the, my, …
bool is_determiner(std::string_view word);
bool is_preposition(std::string_view word);
/// True for words that may be ignored: determiners, prepositions, pronouns, politeness.
bool is_empty_word(std::string_view word);
/// True for courtesy before or after a command: please, could, you, thanks, …
bool is_courtesy(std::string_view word);
/// True for a noun too general to distinguish skills (song, state, value, …): a sentence may omit it.
bool is_general_noun(std::string_view stem);
/// True for temperature, weather, time, …: nouns that functions which only return a value are named after.
bool is_fact(std::string_view stem);
/// True for a unit after a number: percent, degrees, …
bool is_unit(std::string_view stem);
/// Returns the seconds in a unit of time (`minute` → 60); 0 for any other word.
int seconds_in(std::string_view stem);

}  // namespace strawberry::bridge::rules
