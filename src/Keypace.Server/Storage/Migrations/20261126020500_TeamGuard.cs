using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Keypace.Server.Storage.Migrations
{
    /// <inheritdoc />
    public partial class TeamGuard : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "GuardMs",
                table: "teams",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "GuardMs",
                table: "teams");
        }
    }
}
