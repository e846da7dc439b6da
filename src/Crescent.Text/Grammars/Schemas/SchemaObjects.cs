using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>Objects of a schema.</summary>
internal sealed class SchemaObjects(JsonSchemaCompiler schemas)
{
    private static readonly Expression s_comma = RegexParser.ParseWhole(", ?");
    private static readonly Expression s_colon = RegexParser.ParseWhole(": ?");

    public Expression Build(List<SchemaPart> parts)
    {
        var members = Members(parts);
        var other = Others(parts, members);
        CheckCounts(parts, members, other, out var least, out var most);
        var inner = members.Count == 0 && other is not null ? Map(other, least, most) : Ordered(members, other, least);
        return Expression.Sequence(Expression.Text("{"), inner, Expression.Text("}"));
    }

    // Keys in order of appearance, required ones without a schema last.
    private List<Member> Members(List<SchemaPart> parts)
    {
        var required = parts.SelectMany(Required).Distinct().ToHashSet(StringComparer.Ordinal);
        var names = parts.SelectMany(part => part.Get("properties", JsonValueKind.Object)?.EnumerateObject().Select(member => member.Name) ?? []);
        var members = new List<Member>();
        foreach (var name in names.Concat(parts.SelectMany(Required)).Distinct())
        {
            List<SchemaPart> values = [.. parts.SelectMany(part => Value(part, name))];
            if (!values.Any(value => value.IsFalse))
            {
                var value = schemas.Value(values.DefaultIfEmpty(parts[0].Child(True, "properties", name)));
                members.Add(new Member(Expression.Sequence(Expression.Text(JsonText.Quote(name)), s_colon, value), name, required.Contains(name)));
            }
            else if (required.Contains(name))
            {
                throw new ArgumentException($"JSON schema, #{parts[0].Pointer}: the key {JsonText.Quote(name)} is required and forbidden at once");
            }
        }

        return members;
    }

    // Any other member, or null where there may be none.
    private Expression? Others(List<SchemaPart> parts, List<Member> members)
    {
        var named = parts.Where(part => part.Get("additionalProperties") is not null).ToArray();
        var isClosed = named.Any(part => part.Get("additionalProperties")!.Value.ValueKind == JsonValueKind.False)
            || parts.Any(part => part.Get("unevaluatedProperties") is { ValueKind: not JsonValueKind.True })
            || (named.Length == 0 && parts.Any(part => part.Get("properties") is not null));
        if (isClosed)
        {
            return null;
        }

        var values = named.Select(part => part.Child(part.Get("additionalProperties")!.Value, "additionalProperties"));
        var declared = parts.SelectMany(part => part.Get("properties", JsonValueKind.Object)?.EnumerateObject().Select(member => member.Name) ?? []);
        var key = new LexemeExpression(new OtherKeyLexeme(declared.Concat(members.Select(member => member.Name)).Distinct()));
        return Expression.Sequence(key, s_colon, schemas.Value(values.DefaultIfEmpty(parts[0].Child(True, "additionalProperties"))));
    }

    private static IEnumerable<SchemaPart> Value(SchemaPart part, string name)
    {
        if (part.Get("properties", JsonValueKind.Object) is { } properties && properties.TryGetProperty(name, out var value))
        {
            yield return part.Child(value, "properties", name);
        }
        else if (part.Get("additionalProperties") is { } other)
        {
            yield return part.Child(other, "additionalProperties");
        }
    }

    private static IEnumerable<string> Required(SchemaPart part) => part.Get("required") switch
    {
        { ValueKind: JsonValueKind.Array } names => names.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString()! : throw part.Malformed("required", "list of keys")),
        null or { ValueKind: JsonValueKind.True or JsonValueKind.False } => [], // draft 3's switch
        _ => throw part.Malformed("required", "list of keys"),
    };

    // A key may be written twice, so counts hold only where one member is enough or the keys are named.
    private static void CheckCounts(List<SchemaPart> parts, List<Member> members, Expression? other, out int least, out int? most)
    {
        least = 0;
        most = null;
        foreach (var part in parts)
        {
            var (low, high) = (part.Count("minProperties") ?? 0, part.Count("maxProperties"));
            if (low > Math.Max(1, members.Count(member => member.IsRequired)))
            {
                throw part.Unsupported("minProperties", "more than 1 is supported only where so many keys are required");
            }

            if (high is { } limit && (other is null || members.Count > 0) && (other is not null || members.Count > limit))
            {
                throw part.Unsupported("maxProperties", "it is supported only where fewer keys are named, or none");
            }

            least = Math.Max(least, low);
            most = most is null || high < most ? high ?? most : most;
        }
    }

    private static Expression Map(Expression member, int least, int? most)
    {
        if (most == 0)
        {
            return Expression.Nothing;
        }

        var members = Expression.Sequence(member, Expression.Repeat(Expression.Sequence(s_comma, member), 0, most - 1));
        return least > 0 ? members : Expression.Optional(members);
    }

    // The first member is any up to the first required one; what may follow a member is a rule, shared by all ways to it.
    private Expression Ordered(List<Member> members, Expression? other, int least)
    {
        Expression rest = other is null ? Expression.Nothing : Expression.Repeat(Expression.Sequence(s_comma, other), 0, null);
        var after = new Expression[members.Count + 1];
        after[members.Count] = rest;
        for (var i = members.Count - 1; i >= 0; i--)
        {
            var member = Expression.Sequence(s_comma, members[i].Expression);
            after[i] = schemas.Rule($"after {members[i].Name}", Expression.Sequence(members[i].IsRequired ? member : Expression.Optional(member), after[i + 1]));
        }

        var options = new List<Expression>();
        for (var i = 0; i < members.Count; i++)
        {
            options.Add(Expression.Sequence(members[i].Expression, after[i + 1]));
            if (members[i].IsRequired)
            {
                return Expression.Choice([.. options]);
            }
        }

        if (other is not null)
        {
            options.Add(Expression.Sequence(other, rest));
        }

        return least > 0 ? Expression.Choice([.. options]) : Expression.Choice([Expression.Nothing, .. options]);
    }

    private static JsonElement True { get; } = JsonDocument.Parse("true").RootElement;

    private sealed record Member(Expression Expression, string Name, bool IsRequired);
}
