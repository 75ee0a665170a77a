/// The little English that the rules know: which words ask for the same action, and which carry no meaning of their
/// own. All words folded; actions stemmed like the words they are compared with. Pure functions over constant tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strawberry::bridge::rules {

/// Actions are named by one word each: `play`, `on`, `off`, `get`, …. A word may ask for several.
std::vector<std::string_view> actions_of(std::string_view word);
/// Whether `said` asks for what a function with the verb `head` does.
bool asks_for(std::string_view said, std::string_view head);
/// One word for all that mean the same thing: lamp and bulb are light, blind and shutter are curtain, …
std::string_view canonical(std::string_view stem);
/// A thing or fact that canonical() or the tables of nouns know.
bool is_known_thing(std::string_view stem);
/// What a word is about without saying so: volume for louder, brightness for dim, temperature for warm; or nothing.
std::string_view noun_implied_by(std::string_view word);
/// `a bit`, `slightly`, …: how much louder.
bool is_degree_word(std::string_view word);
/// heating, radiator, thermostat: whose temperature is set without saying so.
bool is_heating(std::string_view stem);
/// half, full, minimum, …: a share of a range.
bool is_share_word(std::string_view word);
/// song, track, music, …: one as good as another.
bool is_media_noun(std::string_view stem);
/// `turn`, `switch`, …: verbs that mean something only with on, off, up or down.
bool is_particle_verb(std::string_view word);
/// on, off, up, down.
bool is_particle(std::string_view word);
/// Words that ask a question: what, how, is, …
bool is_question(std::string_view word);
/// a, the, my, …
bool is_determiner(std::string_view word);
bool is_preposition(std::string_view word);
/// Carries no meaning when left over: determiners, prepositions, pronouns, politeness.
bool is_empty_word(std::string_view word);
/// Courtesy in front of or behind a command: please, could, you, thanks, …
bool is_courtesy(std::string_view word);
/// A noun too general to tell skills apart (song, state, value, …): may be missing from a sentence.
bool is_general_noun(std::string_view stem);
/// temperature, weather, time, …: what a function that only tells something is called after.
bool is_fact(std::string_view stem);
/// A unit after a number: percent, degrees, …
bool is_unit(std::string_view stem);
/// Seconds in a unit of time (`minute` → 60); 0 for any other word.
int seconds_in(std::string_view stem);

}  // namespace strawberry::bridge::rules
