using System.Text.RegularExpressions;
using Crescent.Text.Grammars;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Regular expressions, with .NET's as the oracle.</summary>
public sealed class RegexTests
{
    public static TheoryData<string> Patterns =>
    [
        "a", "a*b+c?", "(ab|ba)+", "[a-c]{2,4}x{0,2}y{3}", "a|b|", "[^a-z]+", @"\d{3}-\d{4}", @"\w+@\w+\.com", @"(a(b(c|d)?)*)+", @"[\d\s]+x", @"\x41\u0042[\x30-\x35]", "(?:a|(?<n>b))c",
        @"[\]\-a]+", "(a{2}){3}", ".x.", @"\$\^\.\*", "(a|b)*a(a|b){4}", "^ab$", "^(a|bc)$", "é[à-ü]+", @"[\w.+-]+", "x{2,}y?",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Matches_what_dotnet_matches(string pattern)
    {
        // Its own classes are Unicode's; with this option they are ASCII's.
        var oracle = new Regex($"^(?:{pattern})$", pattern.Contains('\\') ? RegexOptions.ECMAScript : RegexOptions.None);
        var lexeme = new NfaLexeme(NfaBuilder.Build(RegexParser.ParseWhole(pattern)));
        var random = new Random(7);
        var accepted = 0;
        for (var i = 0; i < 4000; i++)
        {
            // Half are made by the automaton itself, then damaged now and then.
            var text = i % 2 == 0 ? Random("abcdxy013- @.com$^*]é", random) : Walk(lexeme, random, "abcdxy013- @.comAB$^*]éà");
            var expected = oracle.IsMatch(text);
            accepted += expected ? 1 : 0;
            Assert.True(expected == Accepts(lexeme, text), $"{pattern} on '{text}': expected {expected}");
        }

        Assert.True(accepted > 0, "no sample matched");
    }

    [Theory]
    [InlineData("b", "abc", true)]
    [InlineData("^b", "abc", false)]
    [InlineData("^a", "abc", true)]
    [InlineData("c$", "abc", true)]
    [InlineData("b$", "abc", false)]
    [InlineData("^a|^x", "xyz", true)]
    [InlineData("^a|c$", "xyc", true)]
    [InlineData("(^a|b)c", "zbc", true)]
    [InlineData("(^a|b)c", "zac", false)]
    [InlineData("", "anything", true)]
    [InlineData("^$", "", true)]
    [InlineData("^$", "a", false)]
    public void A_pattern_of_a_schema_is_searched(string pattern, string text, bool expected)
    {
        Assert.Equal(expected, Regex.IsMatch(text, pattern));
        Assert.Equal(expected, Accepts(new NfaLexeme(NfaBuilder.Build(RegexParser.ParseSearch(pattern))), text));
    }

    [Theory]
    [InlineData("(a", "closing parenthesis")]
    [InlineData("a)", "opening parenthesis")]
    [InlineData("[a", "closing bracket")]
    [InlineData("*a", "something to repeat")]
    [InlineData("[b-a]", "lower to a higher")]
    [InlineData("a{3,2}", "bounds in order")]
    [InlineData("a{99999}", "at most 10000")]
    [InlineData(@"a\", "after the backslash")]
    public void A_malformed_expression_is_refused(string pattern, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => RegexParser.ParseWhole(pattern)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(?=a)")]
    [InlineData("(?<!a)")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\bword\b")]
    [InlineData("a^b")]
    [InlineData("(a$)+")]
    [InlineData("a++")]
    [InlineData("(?i)a")]
    public void What_is_no_regular_expression_is_refused(string pattern) => Assert.Throws<NotSupportedException>(() => RegexParser.ParseWhole(pattern));

    [Fact]
    public void Expressions_that_explode_elsewhere_stay_small()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var compiled = Grammar.FromRegex("(a|b)*a(a|b){40}c").Compile(SmallVocabulary.Plain);
        Sampling.Tokens(compiled, SmallVocabulary.StopId(SmallVocabulary.Plain), new Random(1), 200);
        Assert.Throws<ArgumentException>(() => Grammar.FromRegex("((a{1000}){1000}){1000}").Compile(SmallVocabulary.Plain));
        Assert.Throws<ArgumentException>(() => RegexParser.ParseWhole(new string('(', 100_000)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    internal static bool Accepts(Lexeme lexeme, string text)
    {
        var state = lexeme.Start;
        foreach (var value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            state = state < 0 ? state : lexeme.Next(state, value);
        }

        return state >= 0 && lexeme.IsAccepting(state);
    }

    private static string Random(string alphabet, Random random) => new([.. Enumerable.Range(0, random.Next(9)).Select(_ => alphabet[random.Next(alphabet.Length)])]);

    private static string Walk(Lexeme lexeme, Random random, string alphabet)
    {
        var text = "";
        for (var length = random.Next(12); text.Length < length;)
        {
            var fitting = alphabet.Where(next => (Alive(lexeme, text + next))).ToArray();
            if (fitting.Length == 0)
            {
                break;
            }

            text += random.Next(20) == 0 ? alphabet[random.Next(alphabet.Length)] : fitting[random.Next(fitting.Length)];
        }

        return text;
    }

    private static bool Alive(Lexeme lexeme, string text)
    {
        var state = lexeme.Start;
        foreach (var value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            state = state < 0 ? state : lexeme.Next(state, value);
        }

        return state >= 0;
    }
}
