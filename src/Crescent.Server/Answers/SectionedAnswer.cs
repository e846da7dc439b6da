using Crescent.Engine.Chat;

namespace Crescent.Server.Answers;

/// <summary>A whole answer in sections.</summary>
internal sealed record SectionedAnswer(IReadOnlyList<AnswerSection> Sections, EndUpdate End)
{
    /// <inheritdoc cref="ChatAnswer.ReadAsync"/>
    public static async Task<SectionedAnswer> ReadAsync(ChatAnswer answer, CancellationToken cancellation)
    {
        var sections = new AnswerSections();
        EndUpdate? end = null;
        await foreach (var update in answer.ReadAsync(cancellation))
        {
            foreach (var piece in (update as PieceUpdate)?.Events ?? [])
            {
                sections.Push(piece);
            }

            end = update as EndUpdate ?? end;
        }

        return new SectionedAnswer(sections.All, end!);
    }
}
