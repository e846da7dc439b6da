using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>
/// JSON Schema to rules. What comes out admits a part of what the schema does, never more: keys in the order of <c>properties</c> (optional ones may be left out), keys
/// beside them only where <c>additionalProperties</c> says so or none are named, numbers of at most 15 digits before and after the point, at most one space after a
/// colon or comma. Branches of <c>oneOf</c> must be apart by type, by constants or by keys. Formats beyond <see cref="StringFormats"/> and unknown keywords are annotations.
/// </summary>
internal sealed class JsonSchemaCompiler
{
    /// <summary>Most characters of a schema.</summary>
    public const int MaxLength = 1 << 20;

    private const int MaxRules = 20_000;

    private readonly List<GrammarRule?> _rules = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Queue<(int Rule, List<SchemaPart> Parts)> _open = new();
    private readonly SchemaReferences _references;
    private readonly SchemaObjects _objects;
    private readonly SchemaArrays _arrays;

    private JsonSchemaCompiler(JsonElement root)
    {
        _references = new SchemaReferences(root);
        _objects = new SchemaObjects(this);
        _arrays = new SchemaArrays(this);
    }

    public static Grammar Compile(JsonElement schema)
    {
        var rules = new List<GrammarRule>();
        Append(rules, schema);
        return new Grammar(rules);
    }

    /// <summary>Adds a schema's rules to those of a larger grammar.</summary>
    /// <returns>The index of the rule of its values.</returns>
    public static int Append(List<GrammarRule> rules, JsonElement schema)
    {
        if (schema.GetRawText().Length is var length and > MaxLength)
        {
            throw new ArgumentException($"the JSON schema has {length} characters, more than {MaxLength}");
        }

        var compiler = new JsonSchemaCompiler(schema);
        var first = rules.Count;
        compiler._rules.AddRange(rules);
        var root = compiler.Value([new SchemaPart(schema, "")]);
        while (compiler._open.TryDequeue(out var next))
        {
            var expression = compiler.Build(next.Parts);
            compiler._rules[next.Rule] = new GrammarRule($"#{next.Parts[0].Pointer}", expression);
        }

        rules.AddRange(compiler._rules.Skip(first).Select(rule => rule!));
        return root.Rule;
    }

    /// <summary>The rule of a value that fits all parts.</summary>
    public RuleExpression Value(IEnumerable<SchemaPart> parts)
    {
        // Schemas that ask for nothing are one, wherever they stand: values of any depth come of it.
        List<SchemaPart> list = [.. parts.Where(part => !AsksForNothing(part))];
        if (list.Count == 0)
        {
            list.Add(new SchemaPart(AnySchema, "/any"));
        }

        var key = string.Join('\n', list.Select(part => part.Key));
        if (!_ids.TryGetValue(key, out var rule))
        {
            rule = Reserve();
            _ids.Add(key, rule);
            _open.Enqueue((rule, list));
        }

        return new RuleExpression(rule);
    }

    /// <summary>A rule of its own.</summary>
    public RuleExpression Rule(string name, Expression expression)
    {
        var rule = Reserve();
        _rules[rule] = new GrammarRule(name, expression);
        return new RuleExpression(rule);
    }

    private int Reserve()
    {
        if (_rules.Count == MaxRules)
        {
            throw new ArgumentException($"the JSON schema is too large: its alternatives and references written out are more than {MaxRules} rules");
        }

        _rules.Add(null);
        return _rules.Count - 1;
    }

    private Expression Build(List<SchemaPart> given)
    {
        if (_references.Flatten(given) is not { } parts)
        {
            return Expression.Choice();
        }

        return Branches(parts) ?? Plain(parts);
    }

    // The first anyOf or oneOf that is not settled: each branch together with all else that applies.
    private ChoiceExpression? Branches(List<SchemaPart> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            foreach (var keyword in new[] { "anyOf", "oneOf" })
            {
                if ((keyword == "anyOf" ? part.SkipsBranches : part.SkipsOne) || part.Get(keyword, JsonValueKind.Array) is not { } list)
                {
                    continue;
                }

                SchemaPart[] branches = [.. list.EnumerateArray().Select((element, index) => part.Child(element, keyword, index))];
                var settled = keyword == "anyOf" ? part with { SkipsBranches = true } : part with { SkipsOne = true };
                if (keyword == "oneOf")
                {
                    CheckApart(part, branches);
                }

                return new ChoiceExpression([.. branches.Select(branch => Value([.. parts[..i], settled, .. parts[(i + 1)..], branch]))]);
            }
        }

        return null;
    }

    private void CheckApart(SchemaPart part, SchemaPart[] branches)
    {
        if (branches.Length > 100)
        {
            throw part.Unsupported("oneOf", "at most 100 branches are supported; use anyOf");
        }

        for (var i = 0; i < branches.Length; i++)
        {
            for (var j = i + 1; j < branches.Length; j++)
            {
                if (!SchemaOverlap.AreApart(_references, branches[i], branches[j]))
                {
                    throw part.Unsupported("oneOf", $"branches {i} and {j} may admit the same value; use anyOf, or give both a required key with different constants");
                }
            }
        }
    }

    private Expression Plain(List<SchemaPart> parts)
    {
        var types = SchemaTypesReader.Infer(parts);
        if (parts.Any(part => part.Get("enum") is not null || part.Get("const") is not null))
        {
            return SchemaConstants.Build(parts, types);
        }

        var options = new List<Expression>();
        Add(SchemaTypes.Object, () => _objects.Build(parts));
        Add(SchemaTypes.Array, () => _arrays.Build(parts));
        Add(SchemaTypes.String, () => SchemaScalars.String(parts));
        if ((types & SchemaTypes.Number) != 0)
        {
            options.Add(SchemaScalars.Number(parts, isWhole: (types & SchemaTypes.Fraction) == 0));
        }

        Add(SchemaTypes.Boolean, () => Expression.Choice(Expression.Text("true"), Expression.Text("false")));
        Add(SchemaTypes.Null, () => Expression.Text("null"));
        return Expression.Choice([.. options]);

        void Add(SchemaTypes type, Func<Expression> build)
        {
            if ((types & type) != 0)
            {
                options.Add(build());
            }
        }
    }

    private static bool AsksForNothing(SchemaPart part) =>
        part.Element.ValueKind == JsonValueKind.True || (part.Element.ValueKind == JsonValueKind.Object && !part.Element.EnumerateObject().Any());

    private static JsonElement AnySchema { get; } = JsonDocument.Parse("{}").RootElement;
}
