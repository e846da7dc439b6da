using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary><c>enum</c> and <c>const</c>: the values that all parts name and admit.</summary>
internal static class SchemaConstants
{
    private static readonly string[] s_numberKeywords = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

    private static readonly string[] s_memberKeywords =
        ["properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "minProperties", "maxProperties"];

    public static Expression Build(List<SchemaPart> parts, SchemaTypes types)
    {
        Dictionary<string, JsonElement>? common = null;
        foreach (var part in parts)
        {
            foreach (var values in Lists(part))
            {
                var own = values.DistinctBy(JsonText.Write).ToDictionary(JsonText.Write, StringComparer.Ordinal);
                common = common is null ? own : common.Where(value => own.ContainsKey(value.Key)).ToDictionary(StringComparer.Ordinal);
            }
        }

        var admitted = common!.Where(value => Admits(parts, types, value.Key, value.Value)).Select(value => Expression.Text(value.Key)).ToArray();
        return admitted.Length == 0
            ? throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: none of the values of enum or const fits all that is asked for")
            : Expression.Choice(admitted);
    }

    private static IEnumerable<IEnumerable<JsonElement>> Lists(SchemaPart part)
    {
        if (part.Get("enum", JsonValueKind.Array) is { } list)
        {
            yield return list.EnumerateArray();
        }

        if (part.Get("const") is { } value)
        {
            yield return [value];
        }
    }

    private static bool Admits(List<SchemaPart> parts, SchemaTypes types, string text, JsonElement value)
    {
        var type = SchemaTypesReader.Of(value);
        switch (type)
        {
            case var _ when (types & type) == 0:
                return false;
            case SchemaTypes.String:
                return Matches(SchemaScalars.String(parts), text);
            case SchemaTypes.Integer or SchemaTypes.Fraction:
                return !parts.Any(HasNumberKeyword) || Matches(SchemaScalars.Number(parts, isWhole: false), text);
            case SchemaTypes.Object or SchemaTypes.Array when parts.Any(HasMemberKeyword):
                throw new NotSupportedException($"JSON schema, #{parts[0].Pointer}: objects and arrays in enum or const cannot stand beside keywords about their members");
            default:
                return true;
        }
    }

    private static bool HasNumberKeyword(SchemaPart part) => s_numberKeywords.Any(keyword => part.Get(keyword) is not null);

    private static bool HasMemberKeyword(SchemaPart part) => s_memberKeywords.Any(keyword => part.Get(keyword) is not null);

    private static bool Matches(Expression expression, string text)
    {
        var lexeme = expression is LexemeExpression own ? own.Lexeme : new NfaLexeme(NfaBuilder.Build(expression));
        var state = lexeme.Start;
        foreach (var value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            state = state < 0 ? state : lexeme.Next(state, value);
        }

        return state >= 0 && lexeme.IsAccepting(state);
    }
}
