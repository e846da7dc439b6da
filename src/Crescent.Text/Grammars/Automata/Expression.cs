using System.Text;

namespace Crescent.Text.Grammars;

/// <summary>A right-hand side of a grammar's rule. Immutable; all languages (regular expressions, GBNF, JSON Schema) become this.</summary>
internal abstract class Expression
{
    public static Expression Nothing { get; } = new SequenceExpression([]);

    public static Expression Text(string text) => new BytesExpression(Encoding.UTF8.GetBytes(text));

    public static Expression Class(params (int Low, int High)[] ranges) => new CharactersExpression(CodePointSet.Of(ranges));

    public static Expression Sequence(params Expression[] items) => items.Length == 1 ? items[0] : new SequenceExpression(items);

    public static Expression Choice(params Expression[] options) => options.Length == 1 ? options[0] : new ChoiceExpression(options);

    public static Expression Optional(Expression item) => new RepeatExpression(item, 0, 1);

    public static Expression Repeat(Expression item, int least, int? most) => (least, most) is (1, 1) ? item : new RepeatExpression(item, least, most);
}

/// <summary>One character of a set, as UTF-8.</summary>
internal sealed class CharactersExpression(CodePointSet set) : Expression
{
    public CodePointSet Set => set;
}

/// <summary>These bytes.</summary>
internal sealed class BytesExpression(byte[] bytes) : Expression
{
    public byte[] Bytes => bytes;
}

/// <summary>One after the other; none is the empty text.</summary>
internal sealed class SequenceExpression(IReadOnlyList<Expression> items) : Expression
{
    public IReadOnlyList<Expression> Items => items;
}

/// <summary>One of them; of none, nothing matches.</summary>
internal sealed class ChoiceExpression(IReadOnlyList<Expression> options) : Expression
{
    public IReadOnlyList<Expression> Options => options;
}

/// <summary>At least and at most so many; most null is without limit.</summary>
internal sealed class RepeatExpression(Expression item, int least, int? most) : Expression
{
    public Expression Item => item;

    public int Least => least;

    public int? Most => most;
}

/// <summary>Another rule, by its index in the grammar.</summary>
internal sealed class RuleExpression(int rule) : Expression
{
    public int Rule => rule;
}

/// <summary>An automaton that is not written as an expression.</summary>
internal sealed class LexemeExpression(Lexeme lexeme) : Expression
{
    public Lexeme Lexeme => lexeme;
}

/// <summary>One of these tokens, by id: markers, which have no bytes.</summary>
internal sealed class TokenExpression(IReadOnlyList<int> ids) : Expression
{
    public IReadOnlyList<int> Ids => ids;
}
