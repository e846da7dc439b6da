using System.Text.Json;
using Crescent.Text.Grammars;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Masks against a matcher that tries every token.</summary>
public sealed class MaskTests
{
    public static TheoryData<string, string> Grammars => new()
    {
        { "regex", "(abc|ab)*ba?" },
        { "regex", "[a-cé]{2,5}(=|==)[0-9]+" },
        { "regex", "" },
        { "gbnf", "root ::= item (\", \" item)*\nitem ::= \"(\" item* \")\" | [a-c]+ \"=\"?" },
        { "gbnf", "root ::= \"{\" pair? \"}\"\npair ::= \"\\\"name\\\":\" (root | \"null\" | [0-9]+)" },
        { "gbnf", "root ::= a b\na ::= \"x\"? [a-z]* \nb ::= \"=\" root? | \"the\"" },
        { "schema", """{"type":"object","properties":{"name":{"type":"string","maxLength":4},"a":{"type":"integer"},"b":{"enum":["red","green",null]}},"required":["a"]}""" },
        { "schema", """{"type":"array","items":{"anyOf":[{"type":"boolean"},{"type":"string","pattern":"^[ab]+$"},{"type":"number","minimum":-1.5,"maximum":12}]},"minItems":1,"maxItems":3}""" },
        { "schema", """{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},"b":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["b"]}}}""" },
        { "schema", """{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":{"type":"integer","minimum":0}}""" },
    };

    [Theory]
    [MemberData(nameof(Grammars))]
    public void Masks_are_those_of_a_matcher_that_tries_every_token(string kind, string text)
    {
        var grammar = Parse(kind, text);
        var vocabulary = SmallVocabulary.Plain;
        var compiled = grammar.Compile(vocabulary);
        var stop = SmallVocabulary.StopId(vocabulary);
        var mask = new ulong[(vocabulary.Size + 63) / 64];
        for (var seed = 0; seed < 4; seed++)
        {
            var random = new Random(seed);
            var constraint = compiled.CreateConstraint([stop]);
            var reference = new ReferenceMatcher(grammar);
            for (var step = 0; step < 15; step++)
            {
                constraint.TryFill(mask, int.MaxValue);
                for (var id = 0; id < vocabulary.Size; id++)
                {
                    var bytes = vocabulary.Tokenizer.TokenBytes(id);
                    var expected = id == stop ? reference.IsComplete : !bytes.IsEmpty && bytes[0] < 0xE0 && reference.Read(bytes).IsAlive;
                    var found = (mask[id >> 6] >> id & 1) != 0;
                    Assert.True(expected == found || (bytes.Length > 0 && bytes[0] >= 0xE0), $"seed {seed}, step {step}, token {id} '{vocabulary.Tokenizer.TokenName(id)}': expected {expected}, found {found}");
                }

                int token;
                do
                {
                    token = Sampling.Pick(mask, random);
                }
                while (token != stop && vocabulary.Tokenizer.TokenBytes(token)[0] >= 0xE0);
                constraint.Accept(token);
                if (token == stop)
                {
                    break;
                }

                reference = reference.Read(vocabulary.Tokenizer.TokenBytes(token));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Grammars))]
    public void Answers_are_complete_however_few_tokens_they_may_have(string kind, string text)
    {
        var grammar = Parse(kind, text);
        var compiled = grammar.Compile(SmallVocabulary.Plain);
        var stop = SmallVocabulary.StopId(SmallVocabulary.Plain);
        for (var seed = 0; seed < 300; seed++)
        {
            var answer = Sampling.Answer(compiled, stop, new Random(seed), compiled.TokensNeeded + (seed % 30));
            Assert.True(kind == "schema" || answer.Any(character => character > 0x7FF) || ReferenceMatcher.Matches(grammar, answer), answer);
            if (kind == "schema")
            {
                using var parsed = JsonDocument.Parse(answer);
            }
        }

        Assert.Throws<ArgumentException>(() => compiled.CreateConstraint([stop], compiled.TokensNeeded - 1));
    }

    [Fact]
    public void A_token_that_is_not_allowed_is_refused_and_changes_nothing()
    {
        var compiled = Grammar.FromRegex("abc").Compile(SmallVocabulary.Plain);
        var constraint = compiled.CreateConstraint([SmallVocabulary.StopId(SmallVocabulary.Plain)]);
        var tokenizer = SmallVocabulary.Plain.Tokenizer;
        Assert.Throws<ArgumentException>(() => constraint.Accept(tokenizer.FindToken("ba")!.Value));
        Assert.Throws<ArgumentException>(() => constraint.Accept(-1));
        constraint.Accept(tokenizer.FindToken("ab")!.Value);
        Assert.False(constraint.IsComplete);
        constraint.Accept('c');
        Assert.True(constraint.IsComplete);
    }

    internal static Grammar Parse(string kind, string text) => kind switch
    {
        "regex" => Grammar.FromRegex(text),
        "gbnf" => Grammar.FromGbnf(text),
        _ => Grammar.FromJsonSchema(JsonDocument.Parse(text).RootElement),
    };
}
