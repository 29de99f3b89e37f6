# Writes the migrations of FOLDER, named in FILES, into the C++ source OUTPUT, so that a program carries its schema with it.
set(rows)
set(count 0)
foreach(name IN LISTS FILES)
  file(READ ${FOLDER}/${name} sql)
  string(APPEND rows "    {\"${name}\", R\"sql~~(${sql})sql~~\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Generated from schemas/sql.
#include \"events/schema.h\"

namespace ordersaga::events {

std::span<const runtime::postgres::Migration> schema_migrations() {
  static constexpr runtime::postgres::Migration all[] = {
${rows}  };
  return all;
}

}  // namespace ordersaga::events
")
