using System.Diagnostics;
using System.Text.Json;
using Crescent.Text.Grammars;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Grammars over Kimi K2's 163,840 tokens.</summary>
public sealed class KimiGrammarTests
{
    internal const string Schema = """
        {"type":"object","properties":{
          "title":{"type":"string","minLength":1,"maxLength":80},
          "tags":{"type":"array","items":{"type":"string","pattern":"^[a-z][a-z0-9-]{1,20}$"},"minItems":1,"maxItems":5},
          "kind":{"enum":["article","note","letter"]},
          "rating":{"type":"number","minimum":0,"maximum":5},
          "pages":{"type":"integer","minimum":1,"maximum":5000},
          "published":{"type":"string","format":"date"},
          "author":{"$ref":"#/$defs/person"},
          "body":{"type":"string"},
          "related":{"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#/$defs/person"}}]}},
         "required":["title","tags","kind","author","body"],"additionalProperties":false,
         "$defs":{"person":{"type":"object","properties":{"name":{"type":"string"},"email":{"type":"string","format":"email"},"knows":{"type":"array","items":{"$ref":"#/$defs/person"}}},"required":["name"]}}}
        """;

    private static readonly Lazy<GrammarVocabulary> s_vocabulary = new(() => new GrammarVocabulary(Loaded.Get("kimi-k2")));

    internal static GrammarVocabulary Vocabulary => s_vocabulary.Value;

    [Fact]
    public void Masks_are_those_of_every_token_tried()
    {
        var stop = Vocabulary.Tokenizer.FindControl("<|im_end|>")!.Value;
        var grammar = Grammar.FromJsonSchema(JsonDocument.Parse(Schema).RootElement);
        var compiled = grammar.Compile(Vocabulary);
        var mask = new ulong[(Vocabulary.Size + 63) / 64];
        var random = new Random(3);
        var ids = Sampling.Tokens(compiled, stop, random, 200);
        var constraint = compiled.CreateConstraint([stop]);
        for (var step = 0; step < ids.Count; step++)
        {
            if (step % 25 == 0)
            {
                constraint.TryFill(mask, int.MaxValue);
                for (var id = 0; id < Vocabulary.Size; id++)
                {
                    var isAllowed = Fits(compiled, stop, ids, step, id);
                    Assert.True(isAllowed == ((mask[id >> 6] >> id & 1) != 0), $"step {step}, token {id} '{Vocabulary.Tokenizer.TokenName(id)}': expected {isAllowed}");
                }
            }

            constraint.Accept(ids[step]);
        }
    }

    [Fact]
    public void Answers_are_valid_also_when_tokens_are_few()
    {
        var stop = Vocabulary.Tokenizer.FindControl("<|im_end|>")!.Value;
        var compiled = Grammar.FromJsonSchema(JsonDocument.Parse(Schema).RootElement).Compile(Vocabulary);
        var oracle = new SchemaOracle(Schema);
        for (var seed = 0; seed < 40; seed++)
        {
            var answer = Sampling.Answer(compiled, stop, new Random(seed), compiled.TokensNeeded + (seed * 5));
            Assert.True(oracle.Error(answer) is not { } error, oracle.Error(answer));
        }
    }

    [Fact]
    public void Masks_and_compilation_take_little_time()
    {
        var stop = Vocabulary.Tokenizer.FindControl("<|im_end|>")!.Value;
        var schema = JsonDocument.Parse(Schema).RootElement;
        var watch = Stopwatch.StartNew();
        var compiled = Grammar.FromJsonSchema(schema).Compile(Vocabulary);
        var compilation = watch.Elapsed;
        var mask = new ulong[(Vocabulary.Size + 63) / 64];
        var times = new List<double>();
        for (var seed = 0; seed < 20; seed++)
        {
            Time(compiled, stop, new Random(seed), mask, times);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"compiled in {compilation.TotalMilliseconds:0.0} ms; {times.Count} masks, median {times[times.Count / 2]:0.0} us, p99 {times[times.Count * 99 / 100]:0.0} us, most {times[^1]:0.0} us");
        Assert.True(compilation < TimeSpan.FromSeconds(2), $"compiled in {compilation}");
        Assert.True(times[times.Count / 2] < 1000, $"median {times[times.Count / 2]} us");
    }

    internal static void Time(CompiledGrammar compiled, int stop, Random random, ulong[] mask, List<double> times)
    {
        var constraint = compiled.CreateConstraint([stop], 400);
        for (var left = 400; left > 0; left--)
        {
            var start = Stopwatch.GetTimestamp();
            constraint.TryFill(mask, left);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            var token = Sampling.Pick(mask, random);
            start = Stopwatch.GetTimestamp();
            constraint.Accept(token);
            times[^1] += Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            if (token == stop)
            {
                break;
            }
        }
    }

    // The token read byte by byte after the tokens before it, without any mask.
    private static bool Fits(CompiledGrammar compiled, int stop, List<int> ids, int count, int token)
    {
        // A reader is used again until it has taken a token.
        s_reader = s_count == count && s_reader is not null ? s_reader : Reader(compiled, stop, ids, count);
        s_count = count;
        var accepted = s_reader.TryAccept(token);
        s_reader = accepted ? null : s_reader;
        return accepted;
    }

    private static GrammarConstraint Reader(CompiledGrammar compiled, int stop, List<int> ids, int count)
    {
        var constraint = compiled.CreateConstraint([stop]);
        foreach (var id in ids.Take(count))
        {
            constraint.Accept(id);
        }

        return constraint;
    }

    [ThreadStatic]
    private static GrammarConstraint? s_reader;

    [ThreadStatic]
    private static int s_count;
}
