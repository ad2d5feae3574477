namespace Keypace.Domain.Protocols.Neutral;

/// <summary>How the answer to one query is said to its caller.</summary>
internal abstract class AnswerForm
{
    /// <summary>A whole answer as the body of a success.</summary>
    public abstract byte[] Write(WholeAnswer answer);

    /// <summary>For an answer in pieces. One for each sending.</summary>
    public abstract AnswerEvents Events();
}
