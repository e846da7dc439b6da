using System.Text.Json;
using Crescent.Text.Grammars;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Whatever a model without preferences writes within a schema, another validator admits.</summary>
public sealed class JsonSchemaTests
{
    [Fact]
    public void Random_answers_to_random_schemas_are_valid_also_when_tokens_are_few()
    {
        var vocabulary = SmallVocabulary.Plain;
        var stop = SmallVocabulary.StopId(vocabulary);
        var (answers, refused) = (0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var schema = new RandomSchema(seed).Create().ToJsonString();
            var oracle = new SchemaOracle(schema);
            CompiledGrammar compiled;
            try
            {
                compiled = Parse(schema).Compile(vocabulary);
            }
            catch (ArgumentException exception) when (exception.Message.Contains("never ends", StringComparison.Ordinal))
            {
                refused++;
                continue;
            }

            for (var i = 0; i < 10; i++)
            {
                var answer = Sampling.Answer(compiled, stop, new Random((seed * 100) + i), compiled.TokensNeeded + new[] { 0, 1, 3, 10, 40, 200 }[i % 6]);
                Assert.True(oracle.Error(answer) is not { } error, $"seed {seed}: {oracle.Error(answer)} against {schema}");
                answers++;
            }
        }

        Assert.InRange(refused, 0, 10);
        Assert.True(answers >= 1000, $"{answers} answers");
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":-15,"maximum":1203}""")]
    [InlineData("""{"type":"integer","exclusiveMinimum":-1,"exclusiveMaximum":100}""")]
    [InlineData("""{"type":"integer","minimum":99,"maximum":101}""")]
    [InlineData("""{"type":"integer","minimum":-1000,"maximum":-7,"multipleOf":7}""")]
    [InlineData("""{"type":"integer","minimum":5}""")]
    [InlineData("""{"type":"integer","maximum":-120}""")]
    public void Whole_numbers_between_bounds_are_exact(string schema)
    {
        var element = JsonDocument.Parse(schema).RootElement;
        var grammar = Grammar.FromJsonSchema(element);
        var oracle = new SchemaOracle(schema);
        for (var value = -1300; value <= 1300; value++)
        {
            Assert.Equal(oracle.Error($"{value}") is null, Matches(grammar, $"{value}"));
        }

        Assert.False(Matches(grammar, "007"));
        Assert.False(Matches(grammar, "-0"));
        Assert.False(Matches(grammar, "1.0"));
    }

    [Theory]
    [InlineData("""{"type":"number","minimum":-1.25,"maximum":10.5}""")]
    [InlineData("""{"type":"number","exclusiveMinimum":0,"maximum":1}""")]
    [InlineData("""{"type":"number","exclusiveMinimum":0.05,"exclusiveMaximum":0.06}""")]
    [InlineData("""{"type":"number","minimum":3,"exclusiveMaximum":4}""")]
    [InlineData("""{"type":"number","maximum":-2.75}""")]
    public void Numbers_between_bounds_are_exact(string schema)
    {
        var grammar = Parse(schema);
        var oracle = new SchemaOracle(schema);
        for (var thousandths = -12_000; thousandths <= 12_000; thousandths++)
        {
            var text = (thousandths / 1000m).ToString("0.000");
            if (!text.StartsWith("-0.000", StringComparison.Ordinal))
            {
                Assert.True((oracle.Error(text) is null) == Matches(grammar, text), text);
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"required":["b"]}""", """{"a":1,"b":null}|{"a": 1, "b": null}|{"b":null}""", """{}|{"a":1}|{"b":null,"a":1}|{"a":1,"b":null,"c":2}|{ "b":null}|{"b":null,}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}""", """{}|{"a":1}|{"x":"y"}|{"a":1,"b":"c","d":""}""", """{"a":"x"}|{"x":1}|{"b":"c","a":"d"}|{"\u0061":"x"}""")]
    [InlineData("""{"type":"object"}""", """{}|{"x":[1,{"y":null}],"z":"q"}""", """[]|{x:1}|{"x":[1,]}""")]
    [InlineData("""{}""", """1|"a"|[]|{}|null|[[[{"a":[true]}]]]|-1.5e10""", """01|nul|[1|"a""")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"a":{"minimum":3},"b":{"type":"boolean"}}}]}""", """{"a":3}|{"a":4,"b":true}""", """{"a":2}|{"b":true}""")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":1}|{"b":1}|{"a":1,"b":[]}""", "{}")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":{"type":"null"},"minItems":2,"maxItems":4}""", """[1,"a"]|[1,"a",null]|[1, "a", null, null]""", """[1]|["a",1]|[1,"a",null,null,null]|[1,"a",2]""")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":false}""", "[]|[1]", "[1,2]")]
    [InlineData("""{"oneOf":[{"type":"string"},{"type":"null"},{"const":3}]}""", """ "x"|null|3""", "4|true")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"k":{"const":"a"},"x":{"type":"integer"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}""", """{"k":"a","x":1}|{"k":"b"}""", """{"k":"b","x":1}|{"k":"c"}""")]
    [InlineData("""{"type":"string","nullable":true,"maxLength":2}""", """ "ab"|null|"\n\u00e9"|"é"|"" """, """ "abc"|"\ud800"|1""")]
    [InlineData("""{"type":"string","pattern":"^a\"\\\\$"}""", """ "a\"\\" """, """ "a" """)]
    [InlineData("""{"type":"string","format":"date"}""", """ "2024-02-28"|"1999-12-31" """, """ "2024-13-01"|"2023-02-30"|"24-01-01" """)]
    [InlineData("""{"type":"string","format":"ipv4"}""", """ "1.2.3.4"|"255.255.255.0" """, """ "256.1.1.1"|"1.2.3" """)]
    [InlineData("""{"enum":[1,"a",{"x":[1,2]},null]}""", """1|"a"|{"x":[1,2]}|null""", """2|"b"|{"x":[1]}""")]
    [InlineData("""{"type":"string","enum":["aa","b",3],"minLength":2}""", """ "aa" """, """ "b"|3""")]
    [InlineData("""{"$defs":{"a":{"type":"integer"},"b c":{"$ref":"#/$defs/a","minimum":5}},"type":"array","items":{"$ref":"#/$defs/b%20c"}}""", "[5]|[7,9]", "[4]")]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "1.25|3|0.1|-2.5", "1.255|1e3")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":2}""", """{"a":1}|{"a":1,"b":2}""", """{}|{"a":1,"b":2,"c":3}""")]
    [InlineData("""{"type":"string","maxLength":1}""", """ "😀"|"é"|"\n"|"\u20ac" """, """ "😀😀"|"ab" """)]
    [InlineData("true", "[1]", "x")]
    public void Admits_and_refuses(string schema, string admitted, string refused)
    {
        var grammar = Parse(schema);
        foreach (var text in admitted.Split('|'))
        {
            Assert.True(Matches(grammar, text.Trim()), $"expected to admit {text}");
        }

        foreach (var text in refused.Split('|'))
        {
            Assert.False(Matches(grammar, text.Trim()), $"expected to refuse {text}");
        }
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"not":{}}}}""", "#/properties/a/not")]
    [InlineData("""{"if":{}}""", "#/if")]
    [InlineData("""{"items":{"uniqueItems":true,"type":"array"}}""", "#/items/uniqueItems")]
    [InlineData("""{"patternProperties":{"a":{}}}""", "#/patternProperties")]
    [InlineData("""{"allOf":[{"dependentRequired":{}}]}""", "#/allOf/0/dependentRequired")]
    [InlineData("""{"contains":{}}""", "#/contains")]
    [InlineData("""{"$ref":"http://example.com/x"}""", "#/$ref")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "#/oneOf")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "#/pattern")]
    [InlineData("""{"type":"number","multipleOf":0.3}""", "multipleOf")]
    [InlineData("""{"type":"object","minProperties":3}""", "#/minProperties")]
    public void A_keyword_that_cannot_be_kept_is_named_with_its_place(string schema, string place) =>
        Assert.Contains(place, Assert.Throws<NotSupportedException>(() => Parse(schema)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"strin"}""", "#/type")]
    [InlineData("""{"properties":3}""", "#/properties")]
    [InlineData("""{"properties":{"a":3}}""", "#/properties/a")]
    [InlineData("""{"$ref":"#/nowhere"}""", "#/nowhere")]
    [InlineData("""{"type":"string","minLength":-1}""", "minLength")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""", "no string")]
    [InlineData("""{"type":"array","minItems":100000}""", "no array")]
    [InlineData("""{"enum":[1],"type":"string"}""", "none of the values")]
    [InlineData("""{"type":"string","pattern":"["}""", "#/pattern")]
    [InlineData("[]", "expected an object")]
    public void A_malformed_schema_is_refused(string schema, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Parse(schema)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/a"},"minItems":1}},"$ref":"#/$defs/a"}""", "never ends")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "never ends")]
    [InlineData("false", "never ends")]
    public void A_schema_without_any_value_is_refused(string schema, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Parse(schema).Compile(SmallVocabulary.Plain)).Message, StringComparison.Ordinal);

    [Fact]
    public void Hostile_schemas_are_refused_or_compiled_in_no_time()
    {
        string[] schemas =
        [
            $$"""{"allOf":[{{string.Join(',', Enumerable.Repeat("""{"anyOf":[{"minimum":1},{"minimum":2},{"minimum":3},{"minimum":4}]}""", 30))}}]}""",
            "{\"type\":\"object\",\"properties\":{" + string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"p{i}\":{{\"type\":\"string\"}}")) + "}}",
            """{"type":"array","items":{"type":"array","items":{"type":"array","items":{"type":"string"},"minItems":5000},"minItems":5000},"minItems":5000}""",
            """{"type":"string","pattern":"^((a{0,100}){0,100}){0,100}$"}""",
            """{"type":"string","pattern":"^(a|b)*a(a|b){50}$","maxLength":1000}""",
            "{\"$defs\":{" + string.Join(',', Enumerable.Range(0, 3000).Select(i => $"\"d{i}\":{{\"$ref\":\"#/$defs/d{i + 1}\"}}")) + ",\"d3000\":{}},\"$ref\":\"#/$defs/d0\"}",
            """{"type":"string","minLength":16000000}""",
        ];
        foreach (var schema in schemas)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            try
            {
                Parse(schema).Compile(SmallVocabulary.Plain);
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), $"took {watch.Elapsed}: {schema[..Math.Min(60, schema.Length)]}");
        }
    }

    private static Grammar Parse(string schema) => Grammar.FromJsonSchema(JsonDocument.Parse(schema).RootElement);

    private static bool Matches(Grammar grammar, string text)
    {
        var compiled = grammar.Compile(SmallVocabulary.Plain);
        var constraint = compiled.CreateConstraint([SmallVocabulary.StopId(SmallVocabulary.Plain)]);
        return System.Text.Encoding.UTF8.GetBytes(text).All(value => constraint.TryAccept(value)) && constraint.IsComplete;
    }
}
